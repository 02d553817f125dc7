#include "registry/content/manifests.hpp"

#include "manifests_test.hpp"
#include "support/manifests.hpp"

namespace registry::content {
namespace {

using testing::ElementsAre;

ON_EACH_DRIVER(ManifestsTest);

TEST_P(ManifestsTest, ArePutByTag) {
  push_blob(kName, "config");
  push_blob(kName, "layer");
  const auto content = manifest(descriptor("config"), descriptor("layer"));
  const auto digest = push_manifest(kName, kLatest, content);
  EXPECT_EQ(digest, oci::digest_of(content));
  EXPECT_EQ(get(paths::blob(digest)), content);
  EXPECT_EQ(get(paths::revision_link(kName, digest)), digest.str());
  EXPECT_EQ(get(paths::tag_current(kName, kLatest)), digest.str());
  EXPECT_EQ(get(paths::tag_index(kName, kLatest, digest)), digest.str());
  EXPECT_FALSE(driver().stat(paths::layer_link(kName, digest)));  // not readable as a blob
}

TEST_P(ManifestsTest, AreFoundByTagAndDigest) {
  const auto digest = push_image(kName, kLatest, "config");
  for (const Reference& reference : {Reference(kLatest), Reference(digest)}) {
    const auto found = support::get(manifests_, kName, reference);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->digest, digest);
    EXPECT_EQ(found->content, manifest(descriptor("config")));
    EXPECT_EQ(found->media_type, to_string(oci::MediaType::oci_manifest));
  }
  EXPECT_FALSE(support::get(manifests_, kName, tag_of("other")));
  EXPECT_FALSE(support::get(manifests_, name_of("a"), Reference(digest)));
  EXPECT_FALSE(support::get(manifests_, kName, Reference(oci::digest_of("config"))));  // a blob
}

TEST_P(ManifestsTest, ArePutByDigestWithoutATag) {
  push_blob(kName, "config");
  const auto content = manifest(descriptor("config"));
  push_manifest(kName, oci::digest_of(content), content);
  EXPECT_TRUE(support::get(manifests_, kName, Reference(oci::digest_of(content))));
  EXPECT_FALSE(driver().stat(paths::tags(kName)));
}

TEST_P(ManifestsTest, AreRefusedUnderAnotherDigest) {
  push_blob(kName, "config");
  const auto content = manifest(descriptor("config"));
  EXPECT_EQ(error_of([&] { push_manifest(kName, oci::digest_of("other"), content); }),
            ErrorCode::digest_invalid);
  expect_nothing_was_stored(content);
}

TEST_P(ManifestsTest, ThatAreInvalidLeaveNothing) {
  EXPECT_EQ(refusal("{}"), ErrorCode::manifest_invalid);
  expect_nothing_was_stored("{}");
}

TEST_P(ManifestsTest, MayBePutAgain) {
  const auto digest = push_image(kName, kLatest, "config");
  EXPECT_EQ(push_image(kName, kLatest, "config"), digest);
  EXPECT_EQ(push_image(kName, tag_of("other"), "config"), digest);
  EXPECT_TRUE(support::get(manifests_, kName, kLatest));
}

TEST_P(ManifestsTest, MoveATag) {
  const auto first = push_image(kName, kLatest, "one");
  const auto second = push_image(kName, kLatest, "two");
  EXPECT_EQ(support::get(manifests_, kName, kLatest)->digest, second);
  EXPECT_TRUE(support::get(manifests_, kName, Reference(first)));
}

TEST_P(ManifestsTest, NameAllThatIsMissingConfigFirst) {
  push_blob(kName, "there");
  const auto content =
      manifest(descriptor("config"), descriptor("z") + ',' + descriptor("there") + ',' +
                                         descriptor("a") + ',' + descriptor("z"));
  EXPECT_THAT(missing(content), ElementsAre(oci::digest_of("config").str(),
                                            oci::digest_of("z").str(), oci::digest_of("a").str()));
  expect_nothing_was_stored(content);
}

TEST_P(ManifestsTest, MissWhatOnlyAnotherRepositoryHas) {
  push_blob(name_of("other"), "config");
  EXPECT_THAT(missing(manifest(descriptor("config"))), ElementsAre(oci::digest_of("config").str()));
}

TEST_P(ManifestsTest, MissABlobWhoseDataIsGone) {
  push_blob(kName, "config");
  put(paths::blob(oci::digest_of("config")), "");
  EXPECT_THAT(missing(manifest(descriptor("config"))), ElementsAre(oci::digest_of("config").str()));
}

TEST_P(ManifestsTest, MayHaveForeignLayersThatAreElsewhere) {
  push_blob(kName, "config");
  const auto foreign = descriptor("foreign", R"(,"urls":["https://example.com/x"])");
  EXPECT_NO_THROW(push_manifest(kName, kLatest, manifest(descriptor("config"), foreign)));
}

TEST_P(ManifestsTest, NeedNotHaveTheirSubject) {
  push_blob(kName, "config");
  auto content = manifest(descriptor("config"));
  content.pop_back();
  content += R"(,"subject":)" + descriptor("not there") + '}';
  EXPECT_NO_THROW(push_manifest(kName, kLatest, content));
}

TEST_P(ManifestsTest, OfAnIndexAreManifestsOrBlobs) {
  const auto child = push_image(kName, oci::digest_of(manifest(descriptor("config"))), "config");
  push_blob(kName, "a blob");
  const auto content =
      index(descriptor(child, manifest(descriptor("config")).size()) + ',' + descriptor("a blob"));
  const auto digest = push_manifest(kName, kLatest, content, oci::MediaType::oci_index);
  EXPECT_EQ(support::get(manifests_, kName, Reference(digest))->media_type,
            to_string(oci::MediaType::oci_index));
}

TEST_P(ManifestsTest, OfAnIndexMustBeThere) {
  push_image(name_of("other"), kLatest, "config");
  const auto child = manifest(descriptor("config"));
  EXPECT_THAT(missing(index(descriptor(child) + ',' + descriptor("x")), oci::MediaType::oci_index),
              ElementsAre(oci::digest_of(child).str(), oci::digest_of("x").str()));
}

TEST_P(ManifestsTest, OfAManifestAreBlobsOnly) {
  const auto child = push_image(kName, kLatest, "config");
  push_blob(kName, "c");
  const auto size = manifest(descriptor("config")).size();
  EXPECT_THAT(missing(manifest(descriptor("c"), descriptor(child, size))),
              ElementsAre(child.str()));
}

TEST_P(ManifestsTest, WithAWrongSizeAreRefused) {
  const auto digest = push_blob(kName, "config");
  EXPECT_EQ(refusal(manifest(descriptor(digest, 5))), ErrorCode::manifest_invalid);
  EXPECT_EQ(refusal(manifest(descriptor(digest, 0))), ErrorCode::manifest_invalid);
  EXPECT_EQ(get(paths::blob(digest)), "config");
  EXPECT_FALSE(driver().stat(paths::manifests(kName)));
}

TEST_P(ManifestsTest, PutADamagedBlobInQuarantineAndMissIt) {
  const auto digest = push_blob(kName, "config");
  put(paths::blob(digest), "conf");
  const auto content = manifest(descriptor("config"));
  EXPECT_THAT(missing(content), ElementsAre(digest.str()));
  EXPECT_FALSE(driver().stat(paths::blob(digest)));
  EXPECT_EQ(get(paths::quarantine(digest)), "conf");
  push_blob(kName, "config");  // mends it
  EXPECT_NO_THROW(push_manifest(kName, kLatest, content));
}

TEST_P(ManifestsTest, ReplaceStoredContentThatIsDamaged) {
  const auto content = manifest(descriptor("config"));
  const std::string same_size(content.size(), 'x');
  for (const auto& damaged : {std::string(), std::string("{"), same_size}) {
    put(paths::blob(oci::digest_of(content)), damaged);
    push_image(kName, kLatest, "config");
    EXPECT_EQ(support::get(manifests_, kName, kLatest)->content, content);
  }
}

TEST_P(ManifestsTest, AreAbsentWithoutTheirContentOrLink) {
  const auto digest = push_image(kName, kLatest, "config");
  put(paths::revision_link(kName, digest), "damaged");
  EXPECT_FALSE(support::get(manifests_, kName, kLatest));
  put(paths::revision_link(kName, digest), digest.str());
  ASSERT_TRUE(support::get(manifests_, kName, kLatest));
  driver().remove(paths::blob(digest), storage::Survives::process_crash);
  EXPECT_FALSE(support::get(manifests_, kName, kLatest));
  EXPECT_FALSE(support::get(manifests_, kName, Reference(digest)));
}

TEST_P(ManifestsTest, MakeTheRepositoryOneThat28Finds) {
  push_manifest(kName, kLatest, index(""), oci::MediaType::oci_index);
  EXPECT_THAT(catalog_.list("", 10).names, ElementsAre("a/b"));
  // In memory there are no empty directories.
  if (GetParam() == Backend::filesystem) EXPECT_TRUE(driver().stat(paths::layers(kName)));
}

TEST_P(ManifestsTest, RemovedByDigestLoseTheirTagsAndOnlyThose) {
  const auto one = push_image(kName, tag_of("one"), "1");
  push_image(kName, tag_of("also-one"), "1");
  const auto two = push_image(kName, tag_of("two"), "2");
  push_image(kName, tag_of("was-one"), "1");
  push_image(kName, tag_of("was-one"), "2");
  push_image(name_of("other"), tag_of("one"), "1");
  EXPECT_TRUE(manifests_.remove(kName, one));
  EXPECT_FALSE(support::get(manifests_, kName, Reference(one)));
  EXPECT_THAT(tags_.list(kName, "", 10)->names, ElementsAre("two", "was-one"));
  EXPECT_EQ(support::get(manifests_, kName, tag_of("was-one"))->digest, two);
  EXPECT_TRUE(support::get(manifests_, name_of("other"), tag_of("one")));
  EXPECT_FALSE(manifests_.remove(kName, one));
}

TEST_P(ManifestsTest, RemovedByDigestLeaveBlobsAlone) {
  const auto digest = push_image(kName, kLatest, "config");
  const auto layer = oci::digest_of("config");
  put(paths::layer_link(kName, digest), digest.str());  // the manifest was pushed as a blob, too
  EXPECT_FALSE(manifests_.remove(kName, layer));
  EXPECT_TRUE(manifests_.remove(kName, digest));
  EXPECT_TRUE(blobs_.stat(kName, layer));
  EXPECT_TRUE(blobs_.stat(kName, digest));
}

TEST_P(ManifestsTest, RemovedByTagStayUnderTheirDigest) {
  const auto digest = push_image(kName, kLatest, "config");
  EXPECT_TRUE(manifests_.remove(kName, kLatest));
  EXPECT_FALSE(support::get(manifests_, kName, kLatest));
  EXPECT_TRUE(support::get(manifests_, kName, Reference(digest)));
  EXPECT_FALSE(manifests_.remove(kName, kLatest));
}

TEST_P(ManifestsTest, PinThemselvesAndAllTheyName) {
  push_blob(kName, "config");
  Pins pins(std::chrono::hours(1), Pins::Clock::now() - std::chrono::hours(2));
  Manifests manifests(driver(), pins, locks_, tags_, referrers_, acceptance_, recent_, uses_,
                      counts_);
  const auto content = manifest(descriptor("config"));
  const auto digest = manifests.put(kName, {kLatest, {}, kType, content, {}}).digest;
  const auto soon = Pins::Clock::now() - std::chrono::minutes(1);
  EXPECT_TRUE(pins.protects(digest, soon));
  EXPECT_TRUE(pins.protects(oci::digest_of("config"), soon));
}

TEST_P(ManifestsTest, PromiseNothingThatTheyMiss) {
  push_blob(kName, "config");
  Pins pins(std::chrono::hours(1), Pins::Clock::now() - std::chrono::hours(2));
  Manifests manifests(driver(), pins, locks_, tags_, referrers_, acceptance_, recent_, uses_,
                      counts_);
  const auto content = manifest(descriptor("config"), descriptor("absent"));
  EXPECT_THROW(manifests.put(kName, {kLatest, {}, kType, content, {}}), oci::ErrorList);
  EXPECT_FALSE(support::get(manifests, kName, Reference(oci::digest_of("nothing"))));
  for (const auto& text : {content, std::string("absent"), std::string("nothing")}) {
    EXPECT_FALSE(pins.protects(oci::digest_of(text), Pins::Clock::now() - std::chrono::minutes(1)))
        << text;
  }
}

TEST_P(ManifestsTest, NameAHundredOfWhatTheyMiss) {
  std::string layers = descriptor("0");
  for (int i = 1; i < 150; ++i) layers += ',' + descriptor(std::to_string(i));
  EXPECT_EQ(missing(manifest(descriptor("config"), layers)).size(), 100U);
}

}  // namespace
}  // namespace registry::content
