// Collections while others use the content (docs/architecture.md, rules 3 and 4).
#include <atomic>
#include <thread>

#include "maintenance_test.hpp"
#include "support/manifests.hpp"

namespace registry::maintenance {
namespace {

using std::chrono::seconds;

const auto kName = name_of("team/app");

class BesideTraffic : public MaintenanceTest {
 protected:
  // Not by the fixture's own content, whose promises nobody asks for.
  oci::Digest push(const std::string& text) {
    const auto upload = content_->uploads.open(kName, content_->uploads.begin(kName));
    upload->append(content::bytes_of(text));
    upload->commit(oci::digest_of(text));
    return oci::digest_of(text);
  }
  oci::Digest push_to(const std::string& tag, const std::string& text) {
    push(text);
    return content_->manifests
        .put(kName, {tag_of(tag), {}, oci::MediaType::oci_manifest, manifest(descriptor(text)), {}})
        .digest;
  }
  Collected collect(std::optional<seconds> grace, bool untagged = false) {
    return collect_garbage(*content_, driver(), {.delete_untagged = untagged, .grace = grace},
                           [&](const std::string& line) { lines_.push_back(line); });
  }
  // As after a restart of an hour ago.
  void start_again() { content_.emplace(driver(), acceptance_, io_); }

  std::vector<std::string> lines_;
  std::optional<content::Content> content_{std::in_place, driver(), acceptance_, io_};
};
ON_EACH_DRIVER(BesideTraffic);

constexpr seconds kNow{0}, kHour{3600};

TEST_P(BesideTraffic, TheStartIsAPromiseOfEverything) {
  push("garbage");
  start_again();
  EXPECT_EQ(collect(kHour).blobs, 0U);
  EXPECT_TRUE(has_blob("garbage"));
  EXPECT_TRUE(has_layer(kName, oci::digest_of("garbage")));
  EXPECT_EQ(collect(kNow).blobs, 1U);
  EXPECT_FALSE(has_blob("garbage"));
  EXPECT_FALSE(has_layer(kName, oci::digest_of("garbage")));
}

TEST_P(BesideTraffic, WhatWasPromisedWithinTheGraceStays) {
  const auto digest = push("garbage");
  push("older");
  std::this_thread::sleep_for(seconds(1) + std::chrono::milliseconds(10));
  content_->blobs.stat(kName, digest);
  const auto collected = collect(seconds(1));
  EXPECT_GT(collected.kept, 0U);
  EXPECT_EQ(collected.blobs, 1U);
  EXPECT_TRUE(content_->blobs.stat(kName, digest));
  EXPECT_FALSE(has_blob("older"));
}

TEST_P(BesideTraffic, WhatADeletedManifestNeededStaysForTheGrace) {
  const auto digest = push_to("latest", "config");
  std::this_thread::sleep_for(seconds(1) + std::chrono::milliseconds(10));
  EXPECT_FALSE(content_->pins.first_unneeded());
  content_->manifests.remove(kName, digest);
  EXPECT_TRUE(content_->pins.first_unneeded());
  EXPECT_EQ(collect(seconds(1)).blobs, 0U);
  EXPECT_TRUE(has_blob("config"));
  EXPECT_EQ(collect(kNow).blobs, 2U);
  EXPECT_FALSE(has_blob("config"));
}

TEST_P(BesideTraffic, WhatIsPinnedStays) {
  const auto digest = push("garbage");
  {
    const auto pin = content_->pins.pin(digest);
    EXPECT_EQ(collect(kNow).blobs, 0U);
    EXPECT_EQ(collect(std::nullopt).blobs, 0U);
  }
  EXPECT_TRUE(has_layer(kName, digest));
  EXPECT_EQ(collect(kNow).blobs, 1U);
}

TEST_P(BesideTraffic, AnUntaggedManifestStaysForTheGrace) {
  const auto old = push_to("latest", "old");
  push_to("latest", "new");
  EXPECT_EQ(collect(kHour, true).manifests, 0U);
  EXPECT_TRUE(has_blob("old"));
  EXPECT_EQ(collect(kNow, true).manifests, 1U);
  EXPECT_FALSE(has_manifest(kName, old));
  EXPECT_FALSE(has_blob("old"));
  EXPECT_TRUE(has_blob("new"));
}

TEST_P(BesideTraffic, WhatWasToldFromMemoryIsForgotten) {
  const auto digest = push("garbage");
  ASSERT_TRUE(content_->blobs.fetch(kName, digest));
  collect(kNow);
  EXPECT_FALSE(content_->blobs.recent(kName, digest));
}

TEST_P(BesideTraffic, ARepositoryThatHasNothingLeavesTheCatalog) {
  const auto other = name_of("team/app/nested");
  put(paths::layer_link(other, oci::empty_digest()), "x");  // damaged: stays
  content_->manifests.remove(kName, push_to("latest", "config"));
  content_->catalog_index.list("", 0);
  content_->catalog_index.wait_for_scan();
  EXPECT_THAT(content_->catalog_index.list("", 10).names,
              testing::ElementsAre("team/app", "team/app/nested"));
  collect(kNow);
  EXPECT_THAT(content_->catalog_index.list("", 10).names, testing::ElementsAre("team/app/nested"));
  EXPECT_THAT(catalog_.list("", 10).names, testing::ElementsAre("team/app/nested"));
  push_to("latest", "config");
  EXPECT_THAT(content_->catalog_index.list("", 10).names,
              testing::ElementsAre("team/app", "team/app/nested"));
}

TEST_P(BesideTraffic, ARepositoryWithAnUploadUnderWayStays) {
  const auto id = content_->uploads.begin(kName);
  collect(kNow);
  EXPECT_TRUE(content_->uploads.acknowledged(kName, id).has_value());
  content_->uploads.cancel(kName, id);
  collect(kNow);
  EXPECT_FALSE(has("docker/registry/v2/repositories/team"));
}

// Four push an image, look whether it is whole, delete it and begin again; collections run as fast
// as they can, with a grace that is longer than one push.
TEST_P(BesideTraffic, NoAcknowledgedImageEverMissesABlob) {
  constexpr int kPushers = 4, kRounds = 60;
  content_.emplace(driver(), acceptance_, io_, content::Recent::kDefaultBytes, content::Indexing(),
                   seconds(2));
  std::atomic<bool> is_over = false;
  std::atomic<int> broken = 0;
  const auto push_and_delete = [&](int pusher) {
    for (int i = 0; i < kRounds; ++i) {
      // Blobs that all share, and one of its own.
      const auto shared = "shared " + std::to_string(i % 3);
      const auto own = std::to_string(pusher) + ' ' + std::to_string(i % 5);
      push(shared);
      push(own);
      const auto text = manifest(descriptor(shared), descriptor(own));
      const auto tag = tag_of("t" + std::to_string(pusher));
      const auto digest =
          content_->manifests.put(kName, {tag, {}, oci::MediaType::oci_manifest, text, {}}).digest;
      for (int look = 0; look < 3; ++look) {
        std::this_thread::yield();
        const bool is_whole = has_blob(shared) && has_blob(own) && has_manifest(kName, digest) &&
                              content_->blobs.stat(kName, oci::digest_of(shared)) &&
                              content_->blobs.stat(kName, oci::digest_of(own));
        if (!is_whole) ++broken;
      }
      if (i % 2 == 0) content_->manifests.remove(kName, digest);
    }
  };
  std::thread collector([&] {
    while (!is_over) collect(seconds(2), true);
  });
  std::vector<std::thread> pushers;
  for (int i = 0; i < kPushers; ++i) pushers.emplace_back(push_and_delete, i);
  for (auto& pusher : pushers) pusher.join();
  is_over = true;
  collector.join();
  EXPECT_EQ(broken, 0);
  for (int i = 0; i < kPushers; ++i) {
    content_->manifests.remove(kName, tag_of("t" + std::to_string(i)));
  }
  collect(kNow, true);
  EXPECT_THAT(names_in(paths::kRepositories), testing::IsEmpty());
}

}  // namespace
}  // namespace registry::maintenance
