// A repository goes, and what others do to it meanwhile is whole.
#include "registry/maintenance/repository_removal.hpp"

#include <thread>

#include "maintenance_test.hpp"
#include "registry/storage/forwarding_driver.hpp"

namespace registry::maintenance {
namespace {

// A store in which something happens before a file is read.
class WatchedDriver final : public storage::ForwardingDriver {
 public:
  using OnGet = std::function<void(const std::string& path)>;
  WatchedDriver(storage::Driver& driver, OnGet on_get)
      : ForwardingDriver(driver), on_get_(std::move(on_get)) {}
  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    on_get_(path);
    return inner().get(path, max_bytes);
  }

 private:
  const OnGet on_get_;
};

class RepositoryRemovalTest : public MaintenanceTest {
 protected:
  void SetUp() override { content_.emplace(driver(), acceptance_, io_); }
  RemovedRepository remove() { return remove_repository(*content_, driver(), kName).value(); }
  std::optional<content::FoundManifest> find(const content::Reference& reference) {
    return content_->manifests.find(kName, reference);
  }
  const oci::RepositoryName kName = name_of("team/app"), kOther = name_of("team/other");
  std::optional<content::Content> content_;
};
ON_EACH_DRIVER(RepositoryRemovalTest);

TEST_P(RepositoryRemovalTest, TakesAllTagsAndManifestsAndNoneOfAnother) {
  const auto child = push_image(kName, oci::digest_of(manifest(descriptor("child"))), "child");
  const auto index = push_index(kName, tag_of("all"), index_of({child}));
  const auto image = push_image(kName, tag_of("v1"), "layer");
  push_image(kName, tag_of("v2"), "layer");
  push_referrer(kName, image, "a signature");
  push_image(kOther, tag_of("v1"), "layer");
  const auto removed = remove();
  EXPECT_EQ(removed.tags, 3U);
  EXPECT_EQ(removed.manifests, 4U);
  EXPECT_EQ(removed.kept, 0U);
  for (const auto& sha256 : {child, index, image}) EXPECT_FALSE(find(sha256)) << sha256.str();
  for (const auto* tag : {"all", "v1", "v2"}) EXPECT_FALSE(find(tag_of(tag))) << tag;
  EXPECT_TRUE(has_manifest(kOther, image));
  EXPECT_TRUE(has_layer(kName, oci::digest_of("layer")));  // the collector's, after its grace
  collect();
  EXPECT_FALSE(has(paths::repository(kName)));
  EXPECT_TRUE(has_blob("layer"));
  EXPECT_FALSE(has_blob("child"));
}

TEST_P(RepositoryRemovalTest, WhatIsNotThereIsSaidToBeAbsent) {
  EXPECT_FALSE(remove_repository(*content_, driver(), kName));
  push_image(kName, tag_of("v1"), "layer");
  remove();
  const auto again = remove();  // until a collection
  EXPECT_EQ(again.tags + again.manifests + again.kept, 0U);
}

// The last tag is gone, and the manifests are being read.
TEST_P(RepositoryRemovalTest, AnIndexThatIsPushedMeanwhileKeepsItsChildren) {
  const auto child = push_image(kName, oci::digest_of(manifest(descriptor("child"))), "child");
  const auto old = push_index(kName, tag_of("all"), index_of({child}));
  const auto content = R"({"schemaVersion":2,"annotations":{"is":"new"},"manifests":[)" +
                       descriptor(child, driver().stat(paths::blob(child))->size_bytes) + "]}";
  bool was_pushed = false;
  WatchedDriver watched(driver(), [&](const std::string& path) {
    if (was_pushed || path != paths::blob(old)) return;
    was_pushed = true;
    content_->manifests.put(kName, {tag_of("new"), {}, oci::MediaType::oci_index, content, {}});
  });
  const auto removed = remove_repository(*content_, watched, kName).value();
  ASSERT_TRUE(was_pushed);
  EXPECT_EQ(removed.kept, 2U);
  EXPECT_TRUE(find(tag_of("new")));
  EXPECT_TRUE(find(child));
  EXPECT_FALSE(find(old));
}

// Of two, the second one while the first goes.
TEST_P(RepositoryRemovalTest, ATagThatIsPushedMeanwhileStays) {
  push_image(kName, tag_of("a"), "old");
  push_image(kName, tag_of("b"), "old");
  std::optional<oci::Digest> pushed;
  WatchedDriver watched(driver(), [&](const std::string& path) {
    if (pushed || path != paths::tag_current(kName, tag_of("a"))) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // file times are coarse
    pushed = push_image(kName, tag_of("b"), "new");
  });
  content::Content content(watched, acceptance_, io_);
  const auto removed = remove_repository(content, watched, kName).value();
  ASSERT_TRUE(pushed);
  EXPECT_EQ(removed.tags, 1U);
  EXPECT_FALSE(find(tag_of("a")));
  EXPECT_EQ(find(tag_of("b")).value().sha256, pushed);
}

TEST_P(RepositoryRemovalTest, WhatIsDamagedGoesAsWell) {
  const auto image = push_image(kName, tag_of("v1"), "layer");
  put(paths::blob(image), "{");
  put(paths::tag_current(kName, tag_of("broken")), "garbage");
  const auto removed = remove();
  EXPECT_EQ(removed.manifests, 1U);
  EXPECT_EQ(removed.kept, 0U);
  EXPECT_FALSE(has(paths::revision_link(kName, image)));
  EXPECT_FALSE(has(paths::tag(kName, tag_of("broken"))));
}

TEST_P(RepositoryRemovalTest, EndsWhereTheProcessEnds) {
  push_image(kName, tag_of("v1"), "layer");
  std::stop_source stop;
  stop.request_stop();
  const auto removed = remove_repository(*content_, driver(), kName, stop.get_token()).value();
  EXPECT_EQ(removed.tags, 0U);
  EXPECT_EQ(removed.kept, 1U);
}

}  // namespace
}  // namespace registry::maintenance
