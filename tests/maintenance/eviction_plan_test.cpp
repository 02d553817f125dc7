#include "maintenance/eviction_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/oci/hasher.hpp"

namespace registry::maintenance {
namespace {

using base::WallTime;
using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;

PackedDigest<32> blob(const std::string& name) {
  return *pack<32>(oci::digest_of(name).hex());
}

// A store of 1,000 bytes, which is too full above 900 and full enough at 800.
class EvictionPlanTest : public testing::Test {
 protected:
  EvictionPlan::Index tag(hours used, hours pushed = hours(0)) {
    return plan_.add({0, "tag", WallTime(pushed), WallTime(used)});
  }
  EvictionPlan::Index tag_with(hours used, const std::string& name, std::uint64_t bytes) {
    const auto index = tag(used);
    plan_.needs(blob(name), index);
    plan_.stored(blob(name), bytes);
    return index;
  }
  EvictionPlan::Choice choose(std::uint64_t used) const { return plan_.choose({used, 900, 800}); }

  EvictionPlan plan_;
};

TEST_F(EvictionPlanTest, TakesTheLongestUnusedUntilThereIsRoom) {
  const auto newest = tag_with(hours(5), "newest", 100);
  const auto oldest = tag_with(hours(1), "oldest", 100);
  const auto middle = tag_with(hours(3), "middle", 100);
  EXPECT_THAT(choose(901).tags, ElementsAre(oldest, middle));
  EXPECT_EQ(choose(901).bytes, 200U);
  EXPECT_THAT(choose(850).tags, ElementsAre(oldest));
  EXPECT_THAT(choose(1001).tags, ElementsAre(oldest, middle, newest));
  EXPECT_THAT(choose(800).tags, IsEmpty());
}

TEST_F(EvictionPlanTest, TakesThoseOfOneTimeOneByOne) {
  const auto seen_later = tag(hours(1), hours(1));
  const auto pushed_before = tag(hours(1), hours(0));
  const auto pushed_with = tag(hours(1), hours(1));
  EXPECT_TRUE(plan_.goes_before(pushed_before, seen_later));
  EXPECT_TRUE(plan_.goes_before(seen_later, pushed_with));
  EXPECT_FALSE(plan_.goes_before(pushed_with, pushed_with));
}

TEST_F(EvictionPlanTest, CountsWhatIsOnItsWayAsGone) {
  tag_with(hours(1), "old", 100);
  plan_.stored(blob("of nobody"), 200);
  EXPECT_THAT(choose(1000).tags, IsEmpty());
  EXPECT_EQ(choose(1000).coming, 200U);
  EXPECT_THAT(choose(1001).tags, ElementsAre(0U));
}

TEST_F(EvictionPlanTest, CountsABlobWithTheLastTagThatLeadsToIt) {
  const auto old = tag(hours(1)), recent = tag(hours(2));
  for (const auto index : {recent, old}) plan_.needs(blob("shared"), index);
  plan_.needs(blob("own"), old);
  for (const auto index : {old, EvictionPlan::kStays, recent}) plan_.needs(blob("stays"), index);
  plan_.stored(blob("shared"), 100);
  plan_.stored(blob("own"), 100);
  plan_.stored(blob("stays"), 100);
  const auto choice = choose(900);
  EXPECT_THAT(choice.tags, ElementsAre(old));
  EXPECT_EQ(choice.possible, 200U);
  EXPECT_TRUE(plan_.goes(blob("own"), choice));
  EXPECT_FALSE(plan_.goes(blob("shared"), choice));
  EXPECT_FALSE(plan_.goes(blob("stays"), choice));
  EXPECT_FALSE(plan_.goes(blob("of nobody"), choice));
}

TEST_F(EvictionPlanTest, TakesNothingInVain) {
  tag_with(hours(1), "old", 50);
  EXPECT_FALSE(choose(950).is_in_vain);
  EXPECT_THAT(choose(950).tags, ElementsAre(0U));
  const auto choice = choose(951);
  EXPECT_TRUE(choice.is_in_vain);
  EXPECT_THAT(choice.tags, IsEmpty());
  EXPECT_FALSE(plan_.goes(blob("old"), choice));
}

}  // namespace
}  // namespace registry::maintenance
