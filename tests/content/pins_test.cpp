#include "registry/content/pins.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "registry/oci/hasher.hpp"

namespace registry::content {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Long enough ago that the start of the process counts no more.
const auto kNow = Pins::Clock::now();

class PinsTest : public testing::Test {
 protected:
  Pins pins_{hours(1), kNow - hours(2)};
  void promise(const oci::Digest& digest) {
    auto pin = pins_.pin(digest);
    pin.promise();
  }

  const oci::Digest kDigest = oci::digest_of("a"), kOther = oci::digest_of("b");
};

TEST_F(PinsTest, ProtectWhileTheyAreHeld) {
  EXPECT_FALSE(pins_.protects(kDigest, kNow));
  const auto pin = pins_.pin(kDigest);
  EXPECT_TRUE(pins_.protects(kDigest, kNow));
  EXPECT_TRUE(pins_.protects(kDigest, kNow + hours(100)));
  EXPECT_FALSE(pins_.protects(kOther, kNow));
}

TEST_F(PinsTest, BecomePromisesForTheGracePeriod) {
  promise(kDigest);
  EXPECT_TRUE(pins_.protects(kDigest, Pins::Clock::now()));
  EXPECT_TRUE(pins_.protects(kDigest, Pins::Clock::now() + minutes(59)));
}

TEST_F(PinsTest, PromiseNothingForEver) {
  promise(kDigest);
  EXPECT_FALSE(pins_.protects(kDigest, Pins::Clock::now() + hours(3)));
}

TEST_F(PinsTest, PromiseOverTheTurnOfAPeriod) {
  promise(kDigest);
  const auto promised = Pins::Clock::now();
  EXPECT_TRUE(pins_.protects(kDigest, promised + minutes(61)));    // turns
  EXPECT_FALSE(pins_.protects(kDigest, promised + minutes(130)));  // and again
}

TEST_F(PinsTest, ProtectUntilTheLastIsLetGo) {
  std::vector<Pin> pins;
  pins.push_back(pins_.pin(kDigest));
  pins.push_back(pins_.pin(kDigest));
  pins.pop_back();
  EXPECT_TRUE(pins_.protects(kDigest, kNow + hours(100)));
  pins.pop_back();
  EXPECT_FALSE(pins_.protects(kDigest, kNow + hours(200)));
}

TEST_F(PinsTest, AreLetGoOnceThoughMoved) {
  auto pin = pins_.pin(kDigest);
  const auto held = pins_.pin(kDigest);
  {
    const auto moved = std::move(pin);
  }
  EXPECT_TRUE(pins_.protects(kDigest, kNow + hours(100)));
}

TEST_F(PinsTest, PromiseNothingThatWasNotFound) {
  {
    const auto pin = pins_.pin(kDigest);
  }
  EXPECT_FALSE(pins_.protects(kDigest, Pins::Clock::now()));
}

TEST_F(PinsTest, KeepARemovalAway) {
  bool removed = false;
  const auto remove = [&] { removed = true; };
  {
    const auto pin = pins_.pin(kDigest);
    EXPECT_FALSE(pins_.unless_pinned(kDigest, remove));
    EXPECT_FALSE(removed);
    EXPECT_TRUE(pins_.unless_pinned(kOther, [] {}));
  }
  EXPECT_TRUE(pins_.unless_pinned(kDigest, remove));
  EXPECT_TRUE(removed);
}

TEST_F(PinsTest, ProtectEverythingAfterTheStart) {
  Pins fresh(hours(1), kNow);
  EXPECT_TRUE(fresh.protects(kDigest, kNow));
  EXPECT_TRUE(fresh.protects(kDigest, kNow + minutes(59)));
  EXPECT_FALSE(fresh.protects(kDigest, kNow + hours(1)));
}

TEST_F(PinsTest, AreTakenFromManyThreads) {
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2'000; ++i) {
          const auto pin = pins_.pin(i % 2 == 0 ? kDigest : kOther);
          ASSERT_TRUE(pins_.protects(i % 2 == 0 ? kDigest : kOther, kNow));
        }
      });
    }
  }
  EXPECT_FALSE(pins_.protects(kDigest, kNow + hours(100)));  // none is left over
}

}  // namespace
}  // namespace registry::content
