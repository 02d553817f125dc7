// Collections by the reference counts, beside traffic.
#include <random>
#include <thread>

#include "maintenance_test.hpp"
#include "support/manifests.hpp"

namespace registry::maintenance {
namespace {

using std::chrono::seconds;

const auto kName = name_of("team/app"), kOther = name_of("team/other");
constexpr seconds kNow{0}, kHour{3600};

class LetGoTest : public MaintenanceTest {
 protected:
  LetGoTest() { mark(); }

  // As the daemon at each interval.
  Collected mark(seconds grace = kHour) {
    return collect_garbage(content_, driver(), {.quiet = true, .grace = grace}, {});
  }
  Collected collect_let_go(seconds grace = kNow) {
    return maintenance::collect_let_go(content_, driver(), grace, {}).value();
  }
  oci::Digest push(const oci::RepositoryName& name, const std::string& tag,
                   const std::vector<std::string>& layers) {
    std::string list;
    for (const auto& layer : layers) {
      const auto upload = content_.uploads.open(name, content_.uploads.begin(name));
      upload->append(content::bytes_of(layer));
      upload->commit(oci::digest_of(layer));
      list += (list.empty() ? "" : ",") + descriptor(layer);
    }
    const auto text = manifest(descriptor(layers.front()), list);
    return put_manifest(name, tag_of(tag), text);
  }
  oci::Digest put_manifest(const oci::RepositoryName& name, const content::Reference& reference,
                           const std::string& text,
                           oci::MediaType type = oci::MediaType::oci_manifest) {
    return content_.manifests.put(name, {reference, {}, type, text, {}}).digest;
  }
  void remove(const oci::RepositoryName& name, const oci::Digest& digest) {
    EXPECT_TRUE(content_.manifests.remove(name, digest));
  }

  content::Content content_{driver(), acceptance_, io_};
};
ON_EACH_DRIVER(LetGoTest);

TEST_P(LetGoTest, NothingIsDoneBeforeTheStoreWasMarked) {
  content::Content fresh(driver(), acceptance_, io_);
  EXPECT_FALSE(maintenance::collect_let_go(fresh, driver(), kNow, {}));
}

TEST_P(LetGoTest, WhatADeletedManifestAloneNeededGoesAfterTheGrace) {
  const auto gone = push(kName, "gone", {"own", "shared", "elsewhere"});
  push(kName, "stays", {"shared"});
  push(kOther, "stays", {"elsewhere"});
  EXPECT_EQ(collect_let_go().blobs, 0U);
  remove(kName, gone);
  EXPECT_EQ(collect_let_go(kHour).blobs, 0U);
  EXPECT_TRUE(has_blob("own"));
  const auto collected = collect_let_go();
  EXPECT_EQ(collected.blobs, 2U);
  EXPECT_GT(collected.bytes, 3U);
  EXPECT_FALSE(has_blob("own"));
  EXPECT_FALSE(has(paths::blob(gone)));
  EXPECT_FALSE(has(folder_of(paths::revision_link(kName, gone))));
  EXPECT_FALSE(has_layer(kName, oci::digest_of("own")));
  EXPECT_FALSE(has_layer(kName, oci::digest_of("elsewhere")));
  EXPECT_TRUE(has_layer(kName, oci::digest_of("shared")));
  EXPECT_TRUE(has_blob("shared"));
  EXPECT_TRUE(has_blob("elsewhere"));
}

TEST_P(LetGoTest, TheMarkFindsNothingMore) {
  remove(kName, push(kName, "a", {"1", "2", "3"}));
  remove(kOther, push(kOther, "a", {"1", "2", "3"}));
  EXPECT_EQ(collect_let_go().blobs, 4U);
  const auto collected = mark(kNow);
  EXPECT_EQ(collected.blobs, 0U);
  EXPECT_EQ(collected.miscounted, 0U);
  EXPECT_EQ(collected.kept, 0U);
}

TEST_P(LetGoTest, ARepositoryThatHasNothingLeavesTheCatalog) {
  remove(kName, push(kName, "latest", {"layer"}));
  push(kOther, "latest", {"layer"});
  collect_let_go();
  EXPECT_THAT(catalog_.list("", 10).names, testing::ElementsAre("team/other"));
}

TEST_P(LetGoTest, WhatIsPushedAgainStays) {
  remove(kName, push(kName, "latest", {"layer"}));
  push(kName, "again", {"layer"});
  EXPECT_EQ(collect_let_go().blobs, 0U);
  EXPECT_TRUE(has_blob("layer"));
  EXPECT_TRUE(has_layer(kName, oci::digest_of("layer")));
}

TEST_P(LetGoTest, WhatSomebodyWasToldOfIsLetGoOfLater) {
  remove(kName, push(kName, "latest", {"layer", "other"}));
  std::this_thread::sleep_for(seconds(1) + std::chrono::milliseconds(10));
  ASSERT_TRUE(content_.blobs.stat(kName, oci::digest_of("layer")));
  const auto collected = collect_let_go(seconds(1));
  EXPECT_EQ(collected.kept, 1U);
  EXPECT_TRUE(has_blob("layer"));
  EXPECT_TRUE(has_layer(kName, oci::digest_of("layer")));
  EXPECT_FALSE(has_blob("other"));
  EXPECT_TRUE(content_.counts.first_let_go());
  EXPECT_EQ(collect_let_go().blobs, 1U);
  EXPECT_FALSE(has_blob("layer"));
}

TEST_P(LetGoTest, WhatIsPinnedStays) {
  remove(kName, push(kName, "latest", {"layer"}));
  {
    const auto pin = content_.pins.pin(oci::digest_of("layer"));
    EXPECT_EQ(collect_let_go().blobs, 1U);  // the manifest
    EXPECT_TRUE(has_layer(kName, oci::digest_of("layer")));
  }
  EXPECT_EQ(collect_let_go().blobs, 1U);
}

TEST_P(LetGoTest, AChildOfAnIndexStaysAsLongAsItIsAManifestItself) {
  const auto child = push(kName, "child", {"layer"});
  const auto text = index_of({child});
  const auto parent = put_manifest(kName, tag_of("multi"), text, oci::MediaType::oci_index);
  remove(kName, parent);
  EXPECT_EQ(collect_let_go().blobs, 1U);
  EXPECT_TRUE(has_blob("layer"));
  EXPECT_TRUE(has(paths::blob(child)));
  remove(kName, child);
  EXPECT_EQ(collect_let_go().blobs, 2U);
}

TEST_P(LetGoTest, ADamagedManifestIsNotCountedOff) {
  const auto damaged = push(kName, "latest", {"layer"});
  put(paths::blob(damaged), manifest(descriptor("other")));
  push(kName, "stays", {"other"});
  remove(kName, damaged);
  EXPECT_EQ(collect_let_go().blobs, 0U);
  EXPECT_EQ(content_.counts.needed_by(oci::digest_of("other")), 1U);
  EXPECT_TRUE(has_blob("layer"));
}

TEST_P(LetGoTest, WhatTheMarkTakesIsCountedOff) {
  push(kName, "latest", {"old"});
  push(kName, "latest", {"new"});
  const CollectOptions options{.delete_untagged = true, .quiet = true, .grace = kNow};
  EXPECT_EQ(collect_garbage(content_, driver(), options, {}).manifests, 1U);
  EXPECT_EQ(content_.counts.needed_by(oci::digest_of("old")), 0U);
  EXPECT_EQ(content_.counts.manifests_in(kName), 1U);
  EXPECT_EQ(mark().miscounted, 0U);
}

TEST_P(LetGoTest, WhatIsDamagedLeavesNothingKnown) {
  put(paths::blob(push(kName, "latest", {"layer"})), "no JSON");
  mark();
  EXPECT_FALSE(content_.counts.is_known());
}

// Whatever is pushed and deleted: what is left is whole, and a mark would take nothing more.
TEST_P(LetGoTest, TakesWhatAMarkWouldTake) {
  const unsigned seed = 20'261'124;
  std::mt19937 random(seed);
  std::map<std::pair<oci::RepositoryName, oci::Digest>, std::vector<std::string>> images;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 6; ++i) {
      const auto& name = random() % 2 == 0 ? kName : kOther;
      std::vector<std::string> layers;
      for (unsigned n = 0; n <= random() % 3; ++n) layers.push_back(std::to_string(random() % 9));
      images[{name, push(name, "t" + std::to_string(random() % 4), layers)}] = layers;
      if (random() % 3 == 0) continue;
      const auto victim = std::next(images.begin(), static_cast<long>(random() % images.size()));
      remove(victim->first.first, victim->first.second);
      images.erase(victim);
    }
    collect_let_go();
    for (const auto& [image, layers] : images) {
      ASSERT_TRUE(has_manifest(image.first, image.second));
      for (const auto& layer : layers) {
        ASSERT_TRUE(has_layer(image.first, oci::digest_of(layer)));
        ASSERT_TRUE(has_blob(layer));
      }
    }
    if (round % 5 != 4) continue;
    const auto collected = mark(kNow);
    ASSERT_EQ(collected.blobs, 0U);
    ASSERT_EQ(collected.miscounted, 0U);
  }
}

}  // namespace
}  // namespace registry::maintenance
