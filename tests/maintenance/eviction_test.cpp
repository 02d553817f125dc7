#include "registry/maintenance/eviction.hpp"

#include "maintenance_test.hpp"
#include "registry/maintenance/store_counter.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::maintenance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// A store whose images take 10,000 bytes each, and a little; nobody has promised anything, and
// everything was pushed long ago.
class EvictionTest : public MaintenanceTest {
 protected:
  static constexpr std::uint64_t kImage = 10'000;

  oci::Digest push(const oci::RepositoryName& name, const std::string& tag) {
    return push_image(name, tag_of(tag), std::string(kImage, tag.back()) + name.str() + tag);
  }
  oci::Digest push(const std::string& tag) { return push(kName, tag); }
  void pull(const oci::Digest& sha256, std::chrono::seconds later) {
    pulls_.emplace_back(sha256, run_.now - 1h + later);
  }
  // The content of a process that has just begun, where the store may take `limit` bytes.
  std::unique_ptr<content::Content> open(std::uint64_t limit) {
    capacity_.limit = limit;
    auto content = std::make_unique<content::Content>(driver(), acceptance_, io_, 0,
                                                      content::Indexing(), 1h, capacity_);
    count_store(*content, driver());
    for (const auto& [sha256, time] : pulls_) content->uses.of(kName, sha256)->pull(time);
    return content;
  }
  Evicted evict(content::Content& content) {
    return evict_tags(content, driver(), capacity_, run_);
  }
  // With room for so many images: for nine tenths of them, until there are eight tenths.
  Evicted evict(std::uint64_t images) { return evict(*open(images * (kImage + 500))); }
  std::vector<std::string> tags(const oci::RepositoryName& name) {
    return names_in(paths::tags(name));
  }
  std::vector<std::string> tags() { return tags(kName); }

  const oci::RepositoryName kName = name_of("a/b"), kOther = name_of("c");
  config::Capacity capacity_;
  EvictionRun run_{.now = std::chrono::system_clock::now() + 1h};
  std::vector<std::pair<oci::Digest, base::WallTime>> pulls_;
};
ON_EACH_DRIVER(EvictionTest);

TEST_P(EvictionTest, TakesTheTagsThatWereUnusedForLongestFromAllRepositories) {
  const auto first = push("v0");
  push(kOther, "v1");
  for (int i = 2; i < 10; ++i) push("v" + std::to_string(i));
  pull(first, 10s);
  const auto evicted = evict(10);
  EXPECT_EQ(evicted.tags, 2U);
  EXPECT_EQ(evicted.manifests, 2U);
  EXPECT_GT(evicted.bytes, 2 * kImage);
  EXPECT_THAT(tags(kOther), IsEmpty());
  EXPECT_THAT(tags(), ElementsAre("v0", "v3", "v4", "v5", "v6", "v7", "v8", "v9"));
  EXPECT_TRUE(has_manifest(kName, first));
}

TEST_P(EvictionTest, TakesNothingBelowHigh) {
  for (int i = 0; i < 8; ++i) push("v" + std::to_string(i));
  const auto before = tree();
  const auto evicted = evict(9);
  EXPECT_EQ(evicted.tags, 0U);
  EXPECT_FALSE(evicted.is_in_vain);
  EXPECT_EQ(tree(), before);
}

TEST_P(EvictionTest, TakesNoMoreWhileTheSpaceComesBackLate) {
  for (int i = 0; i < 10; ++i) push("v" + std::to_string(i));
  const auto content = open(10 * (kImage + 500));
  EXPECT_EQ(evict(*content).tags, 2U);
  for (int i = 0; i < 3; ++i) {
    const auto again = evict(*content);
    EXPECT_EQ(again.tags, 0U);
    EXPECT_GT(again.coming, 2 * kImage);
  }
  EXPECT_EQ(evict(10).tags, 0U) << "after a restart";
  collect({.grace = 0s});
  EXPECT_EQ(evict(10).tags, 0U) << "after a collection";
  EXPECT_EQ(tags().size(), 8U);
}

TEST_P(EvictionTest, TakesNoMoreWhileManifestsArePromised) {
  const auto first = push("v0");
  for (int i = 1; i < 10; ++i) push("v" + std::to_string(i));
  const auto content = open(10 * (kImage + 500));
  {
    const auto pin = content->pins.pin(first);
    const auto evicted = evict(*content);
    EXPECT_EQ(evicted.tags, 2U);
    EXPECT_EQ(evicted.manifests, 1U);
    EXPECT_TRUE(has_manifest(kName, first));
  }
  const auto again = evict(*content);
  EXPECT_EQ(again.tags, 0U);
  EXPECT_EQ(again.manifests, 1U);
  EXPECT_FALSE(has_manifest(kName, first));
}

TEST_P(EvictionTest, DoesNotCountOnWhatClientsGoOnAskingFor) {
  const auto first = push("v0");
  for (int i = 1; i < 10; ++i) push("v" + std::to_string(i));
  const auto content = open(10 * (kImage + 500));
  const auto pin = content->pins.pin(first);
  EXPECT_EQ(evict(*content).tags, 2U);
  EXPECT_EQ(evict(*content).tags, 1U);
  EXPECT_EQ(evict(*content).tags, 0U);
}

TEST_P(EvictionTest, LeavesWhatIsProtectedOrWasJustUsed) {
  const auto first = push("v0");
  for (int i = 1; i < 10; ++i) push("v" + std::to_string(i));
  capacity_.protect = {"v1", "?2", "other"};
  run_.mingrace = 30min;
  pull(first, 50min);
  EXPECT_EQ(evict(10).tags, 0U) << "soon after the start";
  run_.mingrace = 0s;
  run_.now -= 1min;  // that was a minute ago
  pulls_ = {{first, run_.now}};
  EXPECT_EQ(evict(10).tags, 2U);
  EXPECT_THAT(tags(), ElementsAre("v0", "v1", "v2", "v5", "v6", "v7", "v8", "v9"));
}

TEST_P(EvictionTest, LeavesTheTagsThatFreeNothing) {
  const auto shared = push("v0");
  push_manifest(kName, tag_of("same"), *get(paths::blob(shared)));
  push_image(kOther, tag_of("same"), *get(paths::blob(oci::digest_of(*get(paths::blob(shared))))));
  for (int i = 1; i < 10; ++i) push("v" + std::to_string(i));
  pull(shared, 10s);
  push_manifest(kName, tag_of("newest"), *get(paths::blob(shared)));
  evict(10);
  EXPECT_THAT(tags(), testing::IsSupersetOf({"v0", "same", "newest"}));
}

TEST_P(EvictionTest, TakesNothingInVain) {
  for (int i = 0; i < 10; ++i) push("v" + std::to_string(i));
  capacity_.protect = {"v?"};
  push("extra");
  const auto before = tree();
  const auto evicted = evict(10);
  EXPECT_TRUE(evicted.is_in_vain);
  EXPECT_GT(evicted.possible, kImage);
  EXPECT_EQ(tree(), before);
}

TEST_P(EvictionTest, TakesNothingWhereABlobCannotBeCounted) {
  for (int i = 0; i < 10; ++i) push("v" + std::to_string(i));
  const auto shelf = folder_of(folder_of(paths::blob(push_blob(kName, "of a shelf"))));
  const auto content = open(10 * (kImage + 500));
  support::UnreadableDriver unreadable(driver(), {shelf});
  EXPECT_THROW(evict_tags(*content, unreadable, capacity_, run_), std::system_error);
  EXPECT_EQ(tags().size(), 10U);
}

TEST_P(EvictionTest, EndsEarlyWithNothingGone) {
  for (int i = 0; i < 10; ++i) push("v" + std::to_string(i));
  std::stop_source stop;
  stop.request_stop();
  run_.stop = stop.get_token();
  EXPECT_EQ(evict(10).tags, 0U);
  EXPECT_EQ(tags().size(), 10U);
}

}  // namespace
}  // namespace registry::maintenance
