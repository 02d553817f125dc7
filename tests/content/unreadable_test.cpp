// What may not be read is no failure: it is absent, until a push brings it again.
#include "content_test.hpp"
#include "registry/content/content.hpp"
#include "support/manifests.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::content {
namespace {

using support::UnreadableDriver;

class Unreadable : public ContentTest {
 protected:
  void SetUp() override { image_ = push_image(kName, tag_of("v1"), kLayer); }

  const oci::RepositoryName kName = name_of("a/b"), kOther = name_of("other");
  const std::string kLayer = "a layer";
  const oci::Digest kDigest = oci::digest_of(kLayer);
  oci::Digest image_ = oci::empty_digest();
};
ON_EACH_DRIVER(Unreadable);

TEST_P(Unreadable, BlobsAreAbsent) {
  UnreadableDriver unreadable(driver(), {paths::blob(kDigest)});
  Content content(unreadable, acceptance_, io_, hashing_);
  EXPECT_FALSE(content.blobs.stat(kName, kDigest));
  EXPECT_EQ(content.blobs.open(kName, kDigest), nullptr);
  EXPECT_FALSE(content.blobs.mount(kName, kOther, kDigest));
}

TEST_P(Unreadable, BlobsAreReplacedByAPush) {
  UnreadableDriver unreadable(driver(), {paths::blob(kDigest)});
  Content content(unreadable, acceptance_, io_, hashing_);
  driver().put(paths::blob(kDigest), "A LAYER", storage::Survives::process_crash);
  const auto upload = run(content.uploads.open(kName, content.uploads.begin(kName)));
  upload->append(bytes_of(kLayer));
  EXPECT_NO_THROW(run(upload->commit(kDigest)));
  EXPECT_EQ(get(paths::blob(kDigest)), kLayer);
}

TEST_P(Unreadable, ManifestsAreAbsentAndReplacedByAPush) {
  UnreadableDriver unreadable(driver(), {paths::blob(image_)});
  Content content(unreadable, acceptance_, io_, hashing_);
  EXPECT_FALSE(content.manifests.find(kName, image_));
  EXPECT_FALSE(support::get(content.manifests, kName, tag_of("v1")));
  driver().put(paths::blob(image_), "damaged", storage::Survives::process_crash);
  const auto text = manifest(descriptor(kLayer));
  const auto type = oci::MediaType::oci_manifest;
  EXPECT_NO_THROW(run(content.manifests.put(kName, {tag_of("v1"), {}, type, text, {}})));
  EXPECT_EQ(get(paths::blob(image_)), text);
}

TEST_P(Unreadable, ManifestsCanBeDeleted) {
  UnreadableDriver unreadable(driver(), {paths::blob(image_)});
  Content content(unreadable, acceptance_, io_, hashing_);
  EXPECT_TRUE(content.manifests.remove(kName, image_));
  EXPECT_FALSE(support::get(manifests_, kName, tag_of("v1")));
}

TEST_P(Unreadable, BlobsThatAManifestNamesAreMissing) {
  UnreadableDriver unreadable(driver(), {paths::blob(kDigest)});
  Content content(unreadable, acceptance_, io_, hashing_);
  const auto text = manifest(descriptor(kLayer));
  const auto type = oci::MediaType::oci_manifest;
  EXPECT_THROW(run(content.manifests.put(kName, {tag_of("v2"), {}, type, text, {}})),
               oci::ErrorList);
}

TEST_P(Unreadable, ReferrersAreLeftOutOfTheList) {
  std::vector<oci::Digest> referrers;
  for (const auto* artifact : {"a/a", "b/b"}) {
    const auto text = R"({"schemaVersion":2,"artifactType":")" + std::string(artifact) +
                      R"(","config":)" + descriptor(kLayer) + R"(,"layers":[],"subject":)" +
                      descriptor(image_, 1) + '}';
    referrers.push_back(push_manifest(kName, oci::digest_of(text), text));
  }
  UnreadableDriver unreadable(driver(), {paths::blob(referrers.front())});
  Content content(unreadable, acceptance_, io_, hashing_);
  const auto page = content.referrers.list(kName, image_, "", 10, {});
  ASSERT_EQ(page.referrers.size(), 1U);
  EXPECT_EQ(page.referrers.front().digest, referrers.back());
}

TEST_P(Unreadable, LinksAreAbsent) {
  UnreadableDriver unreadable(
      driver(), {paths::layer_link(kName, kDigest), paths::tag_current(kName, tag_of("v1"))});
  Content content(unreadable, acceptance_, io_, hashing_);
  EXPECT_FALSE(content.blobs.stat(kName, kDigest));
  EXPECT_FALSE(support::get(content.manifests, kName, tag_of("v1")));
  EXPECT_TRUE(support::get(content.manifests, kName, image_));
}

}  // namespace
}  // namespace registry::content
