#include "operations.hpp"

#include <gtest/gtest.h>

#include "registry/oci/hasher.hpp"
#include "support/manifests.hpp"

namespace registry::fault {
namespace {

const std::string kConfig = "the config", kLayer = "a layer of some bytes",
                  kOther = "another layer";
const std::string kOld = manifest_of({kConfig, kLayer}), kNew = manifest_of({kConfig, kOther});

void push_all_blobs(World& world, const oci::RepositoryName& name) {
  for (const auto& blob : {kConfig, kLayer, kOther}) world.push_blob(name, blob);
}

void expect_blob(World& world, const oci::RepositoryName& name, const std::string& content) {
  EXPECT_EQ(world.read_blob(name, oci::digest_of(content)), content);
}

// Whole or absent.
void expect_blob_or_nothing(World& world, const oci::RepositoryName& name,
                            const std::string& content) {
  const auto found = world.read_blob(name, oci::digest_of(content));
  if (found) EXPECT_EQ(*found, content);
}

Operation upload_commit() {
  return {"UploadCommit", [](World& world) { world.push_blob(repository("a"), kConfig); },
          [](World& world) { world.push_blob(repository("a/b"), kLayer); },
          [](World& world, bool acknowledged) {
            expect_blob(world, repository("a"), kConfig);
            if (acknowledged) {
              expect_blob(world, repository("a/b"), kLayer);
            } else {
              expect_blob_or_nothing(world, repository("a/b"), kLayer);
            }
          }};
}

Operation mount() {
  return {"Mount", [](World& world) { world.push_blob(repository("from"), kLayer); },
          [](World& world) {
            if (!world.content.blobs.mount(repository("from"), repository("to"),
                                           oci::digest_of(kLayer))) {
              throw std::runtime_error("not mounted");
            }
          },
          [](World& world, bool acknowledged) {
            expect_blob(world, repository("from"), kLayer);
            if (acknowledged) {
              expect_blob(world, repository("to"), kLayer);
            } else {
              expect_blob_or_nothing(world, repository("to"), kLayer);
            }
          }};
}

Operation manifest_put() {
  return {"ManifestPut",
          [](World& world) {
            push_all_blobs(world, repository("a"));
            world.push_manifest(repository("a"), tag("latest"), kOld);
          },
          [](World& world) { world.push_manifest(repository("a"), tag("latest"), kNew); },
          [](World& world, bool acknowledged) {
            const auto now = support::get(world.content.manifests, repository("a"), tag("latest"));
            ASSERT_TRUE(now) << "the tag is gone";
            if (acknowledged || now->content != kOld) EXPECT_EQ(now->content, kNew);
            // The old one was acknowledged, and nobody deleted it.
            const auto old =
                support::get(world.content.manifests, repository("a"), oci::digest_of(kOld));
            ASSERT_TRUE(old);
            EXPECT_EQ(old->content, kOld);
          }};
}

Operation first_manifest_put() {
  return {"FirstManifestPut", [](World& world) { push_all_blobs(world, repository("a/b")); },
          [](World& world) { world.push_manifest(repository("a/b"), tag("v1"), kNew); },
          [](World& world, bool acknowledged) {
            for (const auto& blob : {kConfig, kLayer, kOther}) {
              expect_blob(world, repository("a/b"), blob);
            }
            const auto now = support::get(world.content.manifests, repository("a/b"), tag("v1"));
            if (acknowledged) ASSERT_TRUE(now);
            if (now) EXPECT_EQ(now->content, kNew);
          }};
}

const oci::Digest kSubject = oci::digest_of("a subject");
const std::string kReferrer = referrer_of(kSubject, {kConfig});
const oci::Digest kReferrerSha512 = oci::digest_of(kReferrer, oci::Algorithm::sha512);

std::size_t referrers(World& world) {
  return world.content.referrers.list(repository("a"), kSubject, "", 10, {}).referrers.size();
}

// Whatever leads to it leads to all of it.
void expect_referrer(World& world, bool is_there) {
  const auto by_sha512 = support::get(world.content.manifests, repository("a"), kReferrerSha512);
  const auto by_sha256 =
      support::get(world.content.manifests, repository("a"), oci::digest_of(kReferrer));
  const auto by_tag = support::get(world.content.manifests, repository("a"), tag("one"));
  if (is_there) {
    ASSERT_TRUE(by_sha512 && by_sha256 && by_tag);
    EXPECT_EQ(by_tag->digest, kReferrerSha512);
    EXPECT_EQ(referrers(world), 1U);
  }
  if (by_sha512) {
    EXPECT_TRUE(by_sha256);
    EXPECT_EQ(by_sha512->content, kReferrer);
    EXPECT_EQ(referrers(world), 1U);
  }
  if (by_tag) EXPECT_TRUE(by_sha512);
}

void put_referrer(World& world) {
  world.push_manifest(repository("a"), kReferrerSha512, kReferrer, {tag("one"), tag("two")});
}

Operation referrer_put() {
  return {"ReferrerPutBySha512", [](World& world) { push_all_blobs(world, repository("a")); },
          put_referrer,
          [](World& world, bool acknowledged) { expect_referrer(world, acknowledged); }};
}

Operation referrer_delete() {
  return {"ReferrerDeleteBySha512",
          [](World& world) {
            push_all_blobs(world, repository("a"));
            put_referrer(world);
          },
          [](World& world) { world.content.manifests.remove(repository("a"), kReferrerSha512); },
          [](World& world, bool acknowledged) {
            expect_referrer(world, false);
            if (!acknowledged) return;
            EXPECT_FALSE(support::get(world.content.manifests, repository("a"), kReferrerSha512));
            EXPECT_FALSE(support::get(world.content.manifests, repository("a"), tag("two")));
            EXPECT_EQ(referrers(world), 0U);
          }};
}

void prepare_two_tags(World& world) {
  push_all_blobs(world, repository("a"));
  world.push_manifest(repository("a"), tag("one"), kOld);
  world.push_manifest(repository("a"), tag("two"), kOld);
  world.push_manifest(repository("a"), tag("other"), kNew);
}

void expect_other(World& world) {
  const auto other = support::get(world.content.manifests, repository("a"), tag("other"));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->content, kNew);
}

Operation manifest_delete() {
  return {
      "ManifestDelete", prepare_two_tags,
      [](World& world) { world.content.manifests.remove(repository("a"), oci::digest_of(kOld)); },
      [](World& world, bool acknowledged) {
        expect_other(world);
        if (!acknowledged) return;
        EXPECT_FALSE(support::get(world.content.manifests, repository("a"), oci::digest_of(kOld)));
        EXPECT_FALSE(world.content.tags.resolve(repository("a"), tag("one")));
        EXPECT_FALSE(world.content.tags.resolve(repository("a"), tag("two")));
      }};
}

Operation tag_delete() {
  return {"TagDelete", prepare_two_tags,
          [](World& world) { world.content.manifests.remove(repository("a"), tag("one")); },
          [](World& world, bool acknowledged) {
            expect_other(world);
            const auto two = support::get(world.content.manifests, repository("a"), tag("two"));
            ASSERT_TRUE(two);
            EXPECT_EQ(two->content, kOld);
            if (acknowledged) EXPECT_FALSE(world.content.tags.resolve(repository("a"), tag("one")));
          }};
}

Operation blob_delete() {
  return {"BlobDelete",
          [](World& world) {
            world.push_blob(repository("a"), kLayer);
            world.push_blob(repository("b"), kLayer);
          },
          [](World& world) { world.content.blobs.remove(repository("a"), oci::digest_of(kLayer)); },
          [](World& world, bool acknowledged) {
            expect_blob(world, repository("b"), kLayer);
            if (acknowledged) {
              EXPECT_FALSE(world.content.blobs.stat(repository("a"), oci::digest_of(kLayer)));
            } else {
              expect_blob_or_nothing(world, repository("a"), kLayer);
            }
          }};
}

}  // namespace

std::vector<Operation> operations() {
  return {upload_commit(), mount(),       manifest_put(), first_manifest_put(), manifest_delete(),
          tag_delete(),    blob_delete(), referrer_put(), referrer_delete()};
}

}  // namespace registry::fault
