#include "maintenance/throttle.hpp"

#include <gtest/gtest.h>

namespace registry::maintenance {
namespace {

using Clock = Throttle::Clock;
using std::chrono::milliseconds;

const Clock::time_point kStart = Clock::time_point(std::chrono::hours(1));

TEST(Throttle, LetsEachWaitUntilTheOnesBeforeArePaidFor) {
  Throttle throttle(1000);
  EXPECT_EQ(throttle.take(500, kStart), kStart);
  EXPECT_EQ(throttle.take(250, kStart), kStart + milliseconds(500));
  EXPECT_EQ(throttle.take(1, kStart + milliseconds(600)), kStart + milliseconds(750));
}

TEST(Throttle, DoesNotMakeUpForTimeThatNothingWasDoneIn) {
  Throttle throttle(1000);
  throttle.take(500, kStart);
  const auto later = kStart + std::chrono::hours(1);
  EXPECT_EQ(throttle.take(500, later), later);
  EXPECT_EQ(throttle.take(500, later), later + milliseconds(500));
}

TEST(Throttle, WithoutARateLetsNobodyWait) {
  Throttle throttle(0);
  EXPECT_EQ(throttle.take(1'000'000, kStart), kStart);
  EXPECT_EQ(throttle.take(1'000'000, kStart), kStart);
}

TEST(Throttle, ASleepEndsWhereItIsAskedTo) {
  std::stop_source stop;
  EXPECT_TRUE(sleep_until(Clock::now(), stop.get_token()));
  stop.request_stop();
  EXPECT_FALSE(sleep_until(Clock::now() + std::chrono::hours(1), stop.get_token()));
}

}  // namespace
}  // namespace registry::maintenance
