// Manifests by SHA-512, with several tags, with conditions, and sparse.
#include <atomic>
#include <thread>

#include "manifests_test.hpp"
#include "support/manifests.hpp"

namespace registry::content {
namespace {

using testing::ElementsAre;

using ManifestsByNameTest = ManifestsTest;
ON_EACH_DRIVER(ManifestsByNameTest);

TEST_P(ManifestsByNameTest, AreNotFoundBySha512UnlessTheyCameByIt) {
  push_image(kName, kLatest, "config");
  const auto sha512 = oci::digest_of(manifest(descriptor("config")), oci::Algorithm::sha512);
  EXPECT_FALSE(support::get(manifests_, kName, Reference(sha512)));
  EXPECT_FALSE(manifests_.remove(kName, sha512));
}

TEST_P(ManifestsByNameTest, PushedBySha512AreStoredOnceAndHaveBothNames) {
  push_blob(kName, "config");
  const auto content = manifest(descriptor("config"));
  const auto sha512 = oci::digest_of(content, oci::Algorithm::sha512);
  EXPECT_EQ(push_manifest(kName, sha512, content), sha512);
  const auto by_sha512 = support::get(manifests_, kName, Reference(sha512));
  ASSERT_TRUE(by_sha512);
  EXPECT_EQ(by_sha512->digest, sha512);
  EXPECT_EQ(by_sha512->sha256, oci::digest_of(content));
  const auto by_sha256 = support::get(manifests_, kName, Reference(oci::digest_of(content)));
  ASSERT_TRUE(by_sha256);
  EXPECT_EQ(by_sha256->digest, oci::digest_of(content));
  EXPECT_EQ(get(paths::manifest_alias(kName, sha512)), oci::digest_of(content).str());
  EXPECT_FALSE(support::get(manifests_, name_of("other"), Reference(sha512)));
}

TEST_P(ManifestsByNameTest, PushedBySha512AreGoneByEitherName) {
  push_blob(kName, "config");
  const auto content = manifest(descriptor("config"));
  const auto sha512 = oci::digest_of(content, oci::Algorithm::sha512);
  for (const auto& removed : {sha512, oci::digest_of(content)}) {
    push_manifest(kName, sha512, content);
    EXPECT_TRUE(manifests_.remove(kName, removed));
    EXPECT_FALSE(support::get(manifests_, kName, Reference(sha512)));
    EXPECT_FALSE(support::get(manifests_, kName, Reference(oci::digest_of(content))));
  }
}

TEST_P(ManifestsByNameTest, AreRefusedUnderAnotherSha512) {
  push_blob(kName, "config");
  const auto content = manifest(descriptor("config"));
  const auto other = oci::digest_of("other", oci::Algorithm::sha512);
  EXPECT_EQ(error_of([&] { push_manifest(kName, other, content); }), ErrorCode::digest_invalid);
}

TEST_P(ManifestsByNameTest, PushedByDigestGetAllTagsBesideIt) {
  push_blob(kName, "config");
  const auto content = manifest(descriptor("config"));
  const auto sha512 = oci::digest_of(content, oci::Algorithm::sha512);
  manifests_.put(kName, {sha512, {tag_of("a"), tag_of("b")}, kType, content, {}});
  for (const char* tag : {"a", "b"}) {
    const auto found = manifests_.find(kName, tag_of(tag));
    ASSERT_TRUE(found) << tag;
    EXPECT_EQ(found->digest, sha512) << "the tag forgot what it was pushed with";
  }
  EXPECT_THAT(tags_.list(kName, "", 10)->names, ElementsAre("a", "b"));
}

TEST_P(ManifestsByNameTest, ATagForgetsTheSha512OfAnEarlierPush) {
  push_blob(kName, "config");
  const auto content = manifest(descriptor("config"));
  const auto sha512 = oci::digest_of(content, oci::Algorithm::sha512);
  manifests_.put(kName, {sha512, {kLatest}, kType, content, {}});
  push_manifest(kName, kLatest, content);
  EXPECT_EQ(manifests_.find(kName, kLatest)->digest, oci::digest_of(content));
}

TEST_P(ManifestsByNameTest, ATagMovedBy28HasNoSha512) {
  push_blob(kName, "config");
  const auto content = manifest(descriptor("config"));
  const auto sha512 = oci::digest_of(content, oci::Algorithm::sha512);
  manifests_.put(kName, {sha512, {kLatest}, kType, content, {}});
  const auto other = push_image(kName, tag_of("other"), "another config");
  put(paths::tag_current(kName, kLatest), other.str());
  EXPECT_EQ(manifests_.find(kName, kLatest)->digest, other);
}

TEST_P(ManifestsByNameTest, MayReferenceBySha512WhatIsThereByIt) {
  const auto sha512 = oci::digest_of("config", oci::Algorithm::sha512);
  const auto content = manifest(descriptor(sha512, 6));
  EXPECT_THAT(missing(content), ElementsAre(sha512.str()));
  const auto upload = uploads_.open(kName, uploads_.begin(kName));
  upload->append(bytes_of("config"));
  upload->commit(sha512);
  EXPECT_THAT(missing(content), testing::IsEmpty());
}

TEST_P(ManifestsByNameTest, AnIndexMayNameAChildBySha512OrAnotherIndex) {
  push_blob(kName, "config");
  const auto child = manifest(descriptor("config"));
  const auto sha512 = oci::digest_of(child, oci::Algorithm::sha512);
  push_manifest(kName, sha512, child);
  const auto inner = index(descriptor(sha512, child.size()));
  const auto digest = push_manifest(kName, oci::digest_of(inner), inner, oci::MediaType::oci_index);
  const auto outer = index(descriptor(digest, inner.size()));
  EXPECT_NO_THROW(push_manifest(kName, kLatest, outer, oci::MediaType::oci_index));
}

TEST_P(ManifestsByNameTest, AreRemovedOnlyWhereThePreconditionHolds) {
  const auto digest = push_image(kName, kLatest, "config");
  const auto refuse = [](const std::optional<oci::Digest>&) {
    throw oci::Error(ErrorCode::precondition_failed, "no");
  };
  for (const Reference& reference : {Reference(kLatest), Reference(digest)}) {
    EXPECT_EQ(error_of([&] { manifests_.remove(kName, reference, refuse); }),
              ErrorCode::precondition_failed);
  }
  std::optional<oci::Digest> seen;
  const auto look = [&](const std::optional<oci::Digest>& current) { seen = current; };
  EXPECT_TRUE(manifests_.remove(kName, kLatest, look));
  EXPECT_EQ(seen, digest);
}

TEST_P(ManifestsByNameTest, SayWhichSubjectTheyName) {
  push_blob(kName, "config");
  const auto subject = oci::digest_of("not there yet");
  const auto content = R"({"schemaVersion":2,"config":)" + descriptor("config") +
                       R"(,"layers":[],"subject":)" + descriptor(subject, 5) + "}";
  const auto stored = manifests_.put(kName, {kLatest, {}, kType, content, {}});
  EXPECT_EQ(stored.subject, subject);
}

TEST_P(ManifestsByNameTest, AreNotStoredWhereThePreconditionFails) {
  const auto before = push_image(kName, kLatest, "config");
  push_blob(kName, "other");
  const auto content = manifest(descriptor("other"));
  std::optional<oci::Digest> seen;
  const auto refuse = [&](const std::optional<oci::Digest>& current) {
    seen = current;
    throw oci::Error(ErrorCode::precondition_failed, "no");
  };
  EXPECT_EQ(error_of([&] { manifests_.put(kName, {kLatest, {}, kType, content, refuse}); }),
            ErrorCode::precondition_failed);
  EXPECT_EQ(seen, before);
  EXPECT_EQ(manifests_.find(kName, kLatest)->digest, before);
  EXPECT_FALSE(driver().stat(paths::blob(oci::digest_of(content))));
}

TEST_P(ManifestsByNameTest, OfManyWithTheSamePreconditionOneIsStored) {
  push_blob(kName, "config");
  std::atomic<int> stored = 0;
  const auto create_only = [](const std::optional<oci::Digest>& current) {
    if (current) throw oci::Error(ErrorCode::precondition_failed, "there is one");
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const auto content = R"({"schemaVersion":2,"annotations":{"i":")" + std::to_string(i) +
                           R"("},"config":)" + descriptor("config") + "}";
      try {
        manifests_.put(kName, {kLatest, {}, kType, content, create_only});
        ++stored;
      } catch (const oci::Error&) {
        return;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stored, 1);
}

TEST_P(ManifestsByNameTest, MayBeSparseWhereTheConfigurationSaysSo) {
  config::Validation validation;
  validation.manifests.indexes.platforms = config::Platforms::none;
  const Acceptance sparse(validation, {});
  Manifests manifests(driver(), pins_, locks_, tags_, referrers_, sparse, recent_, uses_, counts_);
  const auto content = index(descriptor("a child that is elsewhere"));
  EXPECT_NO_THROW(manifests.put(kName, {kLatest, {}, oci::MediaType::oci_index, content, {}}));
  const auto image = manifest(descriptor("a config that is missing"));
  EXPECT_THROW(manifests.put(kName, {kLatest, {}, kType, image, {}}), oci::ErrorList);
  validation.disabled = true;
  const Acceptance anything(validation, {});
  Manifests trusting(driver(), pins_, locks_, tags_, referrers_, anything, recent_, uses_, counts_);
  EXPECT_NO_THROW(trusting.put(kName, {kLatest, {}, kType, image, {}}));
}

}  // namespace
}  // namespace registry::content
