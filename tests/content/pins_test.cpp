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

  // They are kept in several places, of which this comes to each.
  static void promise_many(Pins& pins) {
    for (int i = 0; i < 200; ++i) pins.promise(oci::digest_of(std::to_string(i)));
  }

  const oci::Digest kDigest = oci::digest_of("a"), kOther = oci::digest_of("b");
};

TEST_F(PinsTest, ProtectWhileTheyAreHeld) {
  EXPECT_FALSE(pins_.protects(kDigest, kNow));
  const auto pin = pins_.pin(kDigest);
  EXPECT_TRUE(pins_.protects(kDigest, kNow));
  EXPECT_TRUE(pins_.protects(kDigest, Pins::kNoPromise));
  EXPECT_FALSE(pins_.protects(kOther, kNow));
}

TEST_F(PinsTest, BecomePromises) {
  const auto before = Pins::Clock::now();
  promise(kDigest);
  const auto after = Pins::Clock::now();
  EXPECT_TRUE(pins_.protects(kDigest, before));
  EXPECT_TRUE(pins_.protects(kDigest, before - minutes(59)));
  EXPECT_FALSE(pins_.protects(kDigest, after + std::chrono::nanoseconds(1)));
  EXPECT_FALSE(pins_.protects(kDigest, Pins::kNoPromise));
}

TEST_F(PinsTest, TheLastPromiseCounts) {
  pins_.promise(kDigest);
  const auto between = Pins::Clock::now();
  pins_.promise(kDigest);
  EXPECT_TRUE(pins_.protects(kDigest, between));
}

TEST_F(PinsTest, ForgetPromisesAfterTwoPeriods) {
  constexpr auto kGrace = std::chrono::milliseconds(20);
  Pins pins(kGrace, kNow - hours(2));
  const auto begin = Pins::Clock::now();
  pins.promise(kDigest);
  for (int turn = 0; turn < 2; ++turn) {
    std::this_thread::sleep_for(kGrace);
    promise_many(pins);
  }
  EXPECT_FALSE(pins.protects(kDigest, begin));
  EXPECT_TRUE(pins.protects(oci::digest_of("1"), begin));
}

TEST_F(PinsTest, ForgetNothingWhileACollectionHoldsThem) {
  constexpr auto kGrace = std::chrono::milliseconds(20);
  Pins pins(kGrace, kNow - hours(2));
  const auto begin = Pins::Clock::now();
  {
    const Pins::Hold hold(pins);
    pins.promise(kDigest);
    for (int i = 0; i < 3; ++i) {
      std::this_thread::sleep_for(kGrace);
      promise_many(pins);
    }
    EXPECT_TRUE(pins.protects(kDigest, begin));
  }
  // The first turn after it is long due, and keeps what was promised just now.
  const auto last = Pins::Clock::now();
  pins.promise(kDigest);
  promise_many(pins);
  EXPECT_TRUE(pins.protects(kDigest, last));
  EXPECT_TRUE(pins.protects(oci::digest_of("1"), last));
}

TEST_F(PinsTest, ProtectUntilTheLastIsLetGo) {
  std::vector<Pin> pins;
  pins.push_back(pins_.pin(kDigest));
  pins.push_back(pins_.pin(kDigest));
  pins.pop_back();
  EXPECT_TRUE(pins_.protects(kDigest, Pins::kNoPromise));
  pins.pop_back();
  EXPECT_FALSE(pins_.protects(kDigest, Pins::kNoPromise));
}

TEST_F(PinsTest, AreLetGoOnceThoughMoved) {
  auto pin = pins_.pin(kDigest);
  const auto held = pins_.pin(kDigest);
  {
    const auto moved = std::move(pin);
  }
  EXPECT_TRUE(pins_.protects(kDigest, Pins::kNoPromise));
}

TEST_F(PinsTest, PromiseNothingThatWasNotFound) {
  {
    const auto pin = pins_.pin(kDigest);
  }
  EXPECT_FALSE(pins_.protects(kDigest, kNow - minutes(1)));
}

TEST_F(PinsTest, KeepARemovalAway) {
  bool removed = false;
  const auto remove = [&] { removed = true; };
  {
    const auto pin = pins_.pin(kDigest);
    EXPECT_FALSE(pins_.begin_removal(kDigest, Pins::kNoPromise));
    EXPECT_FALSE(pins_.unless_pinned(kDigest, remove));
    EXPECT_FALSE(removed);
    EXPECT_TRUE(pins_.unless_pinned(kOther, [] {}));
  }
  EXPECT_TRUE(pins_.unless_pinned(kDigest, remove));
  EXPECT_TRUE(removed);
}

TEST_F(PinsTest, PromisesKeepARemovalAway) {
  const auto before = Pins::Clock::now();
  pins_.promise(kDigest);
  EXPECT_FALSE(pins_.begin_removal(kDigest, before));
  EXPECT_TRUE(pins_.begin_removal(kDigest, Pins::Clock::now() + minutes(1)));
}

TEST_F(PinsTest, OneRemovalAtATime) {
  const auto removal = pins_.begin_removal(kDigest, Pins::kNoPromise);
  EXPECT_TRUE(removal);
  EXPECT_FALSE(pins_.begin_removal(kDigest, Pins::kNoPromise));
  EXPECT_TRUE(pins_.begin_removal(kOther, Pins::kNoPromise));
}

TEST_F(PinsTest, WaitForTheEndOfARemoval) {
  std::atomic<bool> is_gone = false, was_gone = false;
  auto removal = pins_.begin_removal(kDigest, Pins::kNoPromise);
  pins_.promise(kDigest);  // does not wait
  std::jthread thread([&] {
    const auto pin = pins_.pin(kDigest);
    was_gone = is_gone.load();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  is_gone = true;
  removal.reset();
  thread.join();
  EXPECT_TRUE(was_gone);
}

TEST_F(PinsTest, RememberWhenSomethingWasFirstUnneeded) {
  EXPECT_FALSE(pins_.first_unneeded());
  pins_.promise(kDigest);
  EXPECT_FALSE(pins_.first_unneeded());
  const auto before = Pins::Clock::now();
  pins_.unneeded(kDigest);
  const auto between = Pins::Clock::now();
  pins_.unneeded(kOther);
  ASSERT_TRUE(pins_.first_unneeded());
  EXPECT_GE(*pins_.first_unneeded(), before);
  EXPECT_LE(*pins_.first_unneeded(), between);
  EXPECT_TRUE(pins_.protects(kDigest, before));  // it is a promise as well
  pins_.forget_unneeded();
  EXPECT_FALSE(pins_.first_unneeded());
}

TEST_F(PinsTest, ProtectEverythingAfterTheStart) {
  Pins fresh(hours(1), kNow);
  EXPECT_TRUE(fresh.protects(kDigest, kNow - hours(1)));
  EXPECT_TRUE(fresh.protects(kDigest, kNow - minutes(1)));
  EXPECT_FALSE(fresh.protects(kDigest, kNow + minutes(1)));
  EXPECT_FALSE(fresh.protects(kDigest, Pins::kNoPromise));
}

TEST_F(PinsTest, AreTakenFromManyThreads) {
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2'000; ++i) {
          const auto& digest = i % 2 == 0 ? kDigest : kOther;
          if (i % 7 == 0) {
            const auto removal = pins_.begin_removal(digest, Pins::kNoPromise);
            continue;
          }
          const auto pin = pins_.pin(digest);
          ASSERT_FALSE(pins_.begin_removal(digest, Pins::kNoPromise));
        }
      });
    }
  }
  EXPECT_TRUE(pins_.begin_removal(kDigest, Pins::kNoPromise));  // none is left over
}

}  // namespace
}  // namespace registry::content
