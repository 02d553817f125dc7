#include "registry/content/blobs.hpp"

#include "content_test.hpp"

namespace registry::content {
namespace {

class BlobsTest : public ContentTest {
 protected:
  std::string read_all(storage::BlobReader& reader) {
    std::string text(reader.size(), '\0');
    const auto n = reader.read(0, std::as_writable_bytes(std::span(text)));
    return text.substr(0, n);
  }

  const oci::RepositoryName kName = name_of("a/b"), kOther = name_of("other");
  const oci::Digest kDigest = oci::digest_of("content");
  const oci::Digest kSha512 = oci::digest_of("content", oci::Algorithm::sha512);
};
ON_EACH_DRIVER(BlobsTest);

TEST_P(BlobsTest, AreFoundAndRead) {
  push_blob(kName, "content");
  const auto blob = blobs_.stat(kName, kDigest);
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->sha256, kDigest);
  EXPECT_EQ(blob->size_bytes, 7U);
  const auto reader = blobs_.open(kName, kDigest);
  ASSERT_NE(reader, nullptr);
  EXPECT_EQ(read_all(*reader), "content");
}

TEST_P(BlobsTest, AreThoseOfTheirRepository) {
  push_blob(kName, "content");
  for (const auto& name : {kOther, name_of("a"), name_of("a/b/c")}) {
    EXPECT_FALSE(blobs_.stat(name, kDigest)) << name.str();
    EXPECT_EQ(blobs_.open(name, kDigest), nullptr);
  }
  EXPECT_FALSE(blobs_.stat(kName, oci::digest_of("other")));
}

TEST_P(BlobsTest, AreAbsentWithoutTheirData) {
  push_blob(kName, "content");
  driver().remove(paths::blob(kDigest), storage::Survives::process_crash);
  EXPECT_FALSE(blobs_.stat(kName, kDigest));
  EXPECT_EQ(blobs_.open(kName, kDigest), nullptr);
}

TEST_P(BlobsTest, AreAbsentWhereTheirDataIsEmpty) {
  push_blob(kName, "content");
  put(paths::blob(kDigest), "");
  EXPECT_FALSE(blobs_.stat(kName, kDigest));
  EXPECT_FALSE(blobs_.mount(kName, kOther, kDigest));
}

TEST_P(BlobsTest, AreAbsentWhereTheLinkIsDamaged) {
  push_blob(kName, "content");
  for (const std::string& link : {std::string(), std::string("sha256:abc"), kDigest.str() + "\n",
                                  kDigest.str().substr(1), kSha512.str()}) {
    put(paths::layer_link(kName, kDigest), link);
    EXPECT_FALSE(blobs_.stat(kName, kDigest)) << link;
  }
  push_blob(kName, "content");  // mends it
  EXPECT_TRUE(blobs_.stat(kName, kDigest));
}

TEST_P(BlobsTest, AreFoundBySha512WhereTheyCameByIt) {
  push_blob(kName, "content");
  EXPECT_FALSE(blobs_.stat(kName, kSha512));
  put(paths::layer_link(kName, kSha512), kDigest.str());
  const auto blob = blobs_.stat(kName, kSha512);
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->sha256, kDigest);
}

TEST_P(BlobsTest, AreMountedFromAnotherRepository) {
  push_blob(kName, "content");
  const auto blob = blobs_.mount(kName, kOther, kDigest);
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->size_bytes, 7U);
  EXPECT_EQ(get(paths::layer_link(kOther, kDigest)), kDigest.str());
  EXPECT_TRUE(blobs_.stat(kName, kDigest));
}

TEST_P(BlobsTest, AreMountedFromAnywhereBySha256) {
  push_blob(kName, "content");
  const auto other = name_of("else/where");
  const auto blob = blobs_.mount_any(other, kDigest);
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->sha256, kDigest);
  EXPECT_TRUE(blobs_.stat(other, kDigest));
  EXPECT_FALSE(blobs_.mount_any(other, oci::digest_of("absent")));
  EXPECT_FALSE(blobs_.mount_any(other, kSha512));
}

TEST_P(BlobsTest, AreMountedBySha512WithBothLinks) {
  push_blob(kName, "content");
  put(paths::layer_link(kName, kSha512), kDigest.str());
  ASSERT_TRUE(blobs_.mount(kName, kOther, kSha512));
  EXPECT_EQ(get(paths::layer_link(kOther, kDigest)), kDigest.str());
  EXPECT_EQ(get(paths::layer_link(kOther, kSha512)), kDigest.str());
}

TEST_P(BlobsTest, AreNotMountedFromWhereTheyAreNot) {
  push_blob(kOther, "content");
  EXPECT_FALSE(blobs_.mount(kName, name_of("third"), kDigest));
  EXPECT_FALSE(driver().stat(paths::repository(name_of("third"))));
}

TEST_P(BlobsTest, AreRemovedFromOneRepositoryOnly) {
  push_blob(kName, "content");
  push_blob(kOther, "content");
  EXPECT_TRUE(blobs_.remove(kName, kDigest));
  EXPECT_FALSE(blobs_.stat(kName, kDigest));
  EXPECT_TRUE(blobs_.stat(kOther, kDigest));
  EXPECT_EQ(get(paths::blob(kDigest)), "content");
  EXPECT_FALSE(blobs_.remove(kName, kDigest));
}

TEST_P(BlobsTest, KeepTheOtherLinkWhenRemovedBySha512) {
  push_blob(kName, "content");
  put(paths::layer_link(kName, kSha512), kDigest.str());
  EXPECT_TRUE(blobs_.remove(kName, kSha512));
  EXPECT_FALSE(blobs_.stat(kName, kSha512));
  EXPECT_TRUE(blobs_.stat(kName, kDigest));
}

TEST_P(BlobsTest, ArePromisedToWhoeverAsks) {
  push_blob(kName, "content");
  Pins pins(std::chrono::hours(1), Pins::Clock::now() - std::chrono::hours(2));
  Blobs blobs(driver(), pins, locks_, recent_);
  EXPECT_FALSE(pins.protects(kDigest, Pins::Clock::now() - std::chrono::minutes(1)));
  blobs.stat(kName, kDigest);
  EXPECT_TRUE(pins.protects(kDigest, Pins::Clock::now() - std::chrono::minutes(1)));
}

}  // namespace
}  // namespace registry::content
