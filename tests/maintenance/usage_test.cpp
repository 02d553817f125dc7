// Where the space went: counted, and written for people.
#include "registry/maintenance/usage.hpp"

#include <nlohmann/json.hpp>

#include "maintenance_test.hpp"
#include "registry/maintenance/usage_record.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::maintenance {
namespace {

using nlohmann::json;

class UsageTest : public MaintenanceTest {
 protected:
  Usage count() { return count(driver()); }
  Usage count(storage::Driver& driver) {
    content::Content content(driver, acceptance_, io_);
    return *count_usage(content, driver);
  }
  std::uint64_t size_of(const oci::Digest& sha256) {
    return driver().stat(paths::blob(sha256))->size_bytes;
  }
  const oci::RepositoryName kA = name_of("a"), kB = name_of("b/c");
};
ON_EACH_DRIVER(UsageTest);

TEST_P(UsageTest, AnEmptyStoreHasNothing) {
  const auto usage = count();
  EXPECT_TRUE(usage.is_complete);
  EXPECT_EQ(usage.bytes + usage.blobs + usage.repositories + usage.damaged, 0U);
  EXPECT_EQ(usage.find("a"), nullptr);
}

TEST_P(UsageTest, WhatTwoRepositoriesHaveIsSharedAndWhatOneHasIsUnique) {
  const auto common = push_image(kA, tag_of("v1"), "common");
  push_image(kB, tag_of("v1"), "common");
  const auto own = push_image(kA, tag_of("v2"), "own layer");
  const auto usage = count();
  const auto shared = size_of(common) + 6, unique = size_of(own) + 9;
  EXPECT_EQ(usage.blobs, 4U);
  EXPECT_EQ(usage.bytes, shared + unique);
  EXPECT_EQ(usage.repositories, 2U);
  EXPECT_EQ(usage.reclaimable, 0U);
  const auto& a = *usage.find("a");
  EXPECT_EQ(a.tags, 2U);
  EXPECT_EQ(a.manifests, 2U);
  EXPECT_EQ(a.bytes, shared + unique);
  EXPECT_EQ(a.unique, unique);
  const auto& b = *usage.find("b/c");
  EXPECT_EQ(b.bytes, shared);
  EXPECT_EQ(b.unique, 0U);
}

TEST_P(UsageTest, ABlobOfManyManifestsCountsOnce) {
  const auto one = push_image(kA, tag_of("v1"), "layer");
  const auto other =
      push_manifest(kA, tag_of("v2"), manifest(descriptor("layer"), descriptor("layer")));
  EXPECT_EQ(count().find("a")->bytes, size_of(one) + size_of(other) + 5);
}

TEST_P(UsageTest, WhatNoManifestNeedsIsReclaimableWhereverItIsLinked) {
  push_image(kA, tag_of("v1"), "needed");
  push_blob(kA, "of nothing");
  push_blob(kB, "of nothing");
  push_blob(kB, "needed");
  put(paths::blob(oci::digest_of("of nobody")), "of nobody");
  const auto usage = count();
  EXPECT_EQ(usage.reclaimable, 10U + 9U);
  EXPECT_EQ(usage.find("a")->reclaimable, 10U);
  EXPECT_EQ(usage.find("b/c")->reclaimable, 10U);
  EXPECT_EQ(usage.find("b/c")->bytes, 10U + 6U);
  EXPECT_EQ(usage.find("b/c")->unique, 0U);
}

TEST_P(UsageTest, WhatIsReclaimableIsWhatACollectionFrees) {
  push_image(kA, tag_of("v1"), "kept");
  push_image(kB, tag_of("v1"), "gone");
  push_blob(kB, "kept");
  manifests_.remove(kB, manifests_.find(kB, tag_of("v1"))->digest);
  const auto before = count();
  EXPECT_GT(before.reclaimable, 4U);
  EXPECT_EQ(before.reclaimable, collect().bytes);
  const auto after = count();
  EXPECT_EQ(after.bytes, before.bytes - before.reclaimable);
  EXPECT_EQ(after.reclaimable, 0U);
  EXPECT_EQ(after.find("b/c"), nullptr);
}

TEST_P(UsageTest, AnIndexNeedsItsChildrenAndASha512WhatItStandsFor) {
  const auto child = push_image(kA, tag_of("child"), "layer");
  push_index(kA, tag_of("all"), index_of({child}));
  const auto sha512 = oci::digest_of("by another name", oci::Algorithm::sha512);
  const auto upload = uploads_.open(kB, uploads_.begin(kB, oci::Algorithm::sha512));
  upload->append(content::bytes_of("by another name"));
  upload->commit(sha512);
  push_manifest(kB, tag_of("v1"), manifest(descriptor(sha512, 15)));
  EXPECT_EQ(count().reclaimable, 0U);
}

TEST_P(UsageTest, UploadsUnderWayAreCountedApart) {
  uploads_.begin(kA);
  const auto upload = uploads_.open(kB, uploads_.begin(kB));
  upload->append(content::bytes_of("half"));
  upload->keep();
  const auto usage = count();
  EXPECT_EQ(usage.uploads, 2U);
  EXPECT_EQ(usage.upload_bytes, 4U);
  EXPECT_EQ(usage.bytes, 0U);
  EXPECT_EQ(usage.repositories, 0U);  // not before there is something in it
}

TEST_P(UsageTest, ADamagedManifestIsCountedAndKeepsTheLayersOfItsRepository) {
  const auto damaged = push_image(kA, tag_of("v1"), "layer");
  push_blob(kB, "garbage");
  put(paths::blob(damaged), "{");
  const auto usage = count();
  EXPECT_EQ(usage.damaged, 1U);
  EXPECT_EQ(usage.find("a")->damaged, 1U);
  EXPECT_TRUE(usage.is_complete);
  EXPECT_EQ(usage.reclaimable, 7U);
  EXPECT_EQ(usage.reclaimable, collect().bytes);
}

TEST_P(UsageTest, WhereAFolderCannotBeReadNobodySaysWhatIsUniqueOrReclaimable) {
  push_image(kA, tag_of("v1"), "hidden");
  push_image(kB, tag_of("v1"), "seen");
  support::UnreadableDriver locked(driver(), {paths::revisions(kA) + "/sha256"});
  const auto usage = count(locked);
  EXPECT_FALSE(usage.is_complete);
  EXPECT_EQ(usage.damaged, 1U);
  const auto document = json::parse(usage_document(&usage, std::nullopt, 10));
  EXPECT_FALSE(document["complete"]);
  EXPECT_TRUE(document["store"]["reclaimable"].is_null());
  EXPECT_EQ(document["store"]["bytes"], usage.bytes);
  EXPECT_TRUE(document["largest"][0]["unique"].is_null());
  EXPECT_TRUE(document["largest"][0]["shared"].is_null());
}

TEST_P(UsageTest, ACountThatIsEndedCountsForNothing) {
  content::Content content(driver(), acceptance_, io_);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(count_usage(content, driver(), stop.get_token()));
}

TEST_P(UsageTest, TheDocumentHasTheLargestFirst) {
  push_image(kA, tag_of("v1"), "s");
  push_image(kB, tag_of("v1"), "larger than that");
  push_image(name_of("c"), tag_of("v1"), "t");
  const auto usage = count();
  content::Fullness volume;
  volume.limit = 100;
  volume.used = 60;
  volume.free = 40;
  const auto document = json::parse(usage_document(&usage, volume, 2));
  ASSERT_EQ(document["largest"].size(), 2U);
  EXPECT_EQ(document["largest"][0]["name"], "b/c");
  EXPECT_EQ(document["largest"][1]["name"], "a");
  EXPECT_EQ(document["store"]["blobs"], 6);
  EXPECT_EQ(document["store"]["tags"], 3);
  EXPECT_EQ(document["volume"], json({{"limit", 100}, {"used", 60}, {"free", 40}}));
  EXPECT_EQ(document["taken"], base::rfc3339_seconds(usage.taken));
}

TEST_P(UsageTest, BeforeTheFirstCountTheDocumentSaysSo) {
  const auto document = json::parse(usage_document(nullptr, std::nullopt, 10));
  EXPECT_TRUE(document["taken"].is_null());
  EXPECT_FALSE(document["complete"]);
  EXPECT_TRUE(document["store"].is_null());
  EXPECT_EQ(document["largest"], json::array());
}

TEST_P(UsageTest, TheRecordIsInMemoryInMetricsAndOnTheVolume) {
  push_image(kA, tag_of("v1"), "layer");
  content::Content content(driver(), acceptance_, io_);
  base::Metrics metrics;
  UsageRecord record(content, driver(), metrics);
  EXPECT_EQ(record.latest(), nullptr);
  record.take({});
  ASSERT_NE(record.latest(), nullptr);
  EXPECT_EQ(record.latest()->blobs, 2U);
  EXPECT_THAT(metrics.text(), testing::HasSubstr("registry_usage_blobs 2\n"));
  const auto document = json::parse(get(paths::kUsage).value());
  EXPECT_EQ(document["largest"][0]["name"], "a");
}

}  // namespace
}  // namespace registry::maintenance
