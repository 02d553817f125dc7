#include "storage/unsettled.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <thread>

namespace registry::storage {
namespace {

// The content of one path, as others see it.
class UnsettledTest : public testing::Test {
 protected:
  int look() {
    return unsettled_.settled("a", [&] { return visible_.load(); });
  }

  Unsettled unsettled_;
  std::atomic<int> visible_ = 1;
};

TEST_F(UnsettledTest, LetsAllThroughThatIsSettled) {
  const Unsettled::Mark mark(unsettled_, "b");
  EXPECT_EQ(look(), 1);
}

TEST_F(UnsettledTest, HoldsBackUntilTheMarkIsGone) {
  std::optional<Unsettled::Mark> mark;
  mark.emplace(unsettled_, "a");
  auto waiting = std::async(std::launch::async, [&] { return look(); });
  visible_ = 2;  // it may have looked before, and looks again
  mark.reset();
  EXPECT_EQ(waiting.get(), 2);
}

// A rename between the question and the look would be seen, and could be lost.
TEST_F(UnsettledTest, LooksAgainWhereTheContentChangedWhileItLooked) {
  std::optional<Unsettled::Mark> mark;
  std::future<void> end;
  int looks = 0;
  const int seen = unsettled_.settled("a", [&] {
    if (++looks == 1) {
      mark.emplace(unsettled_, "a");
      visible_ = 2;  // not durable yet
      end = std::async(std::launch::async, [&] {
        // Long enough for the question to be asked meanwhile: nothing shows from outside that it
        // is.
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        visible_ = 3;
        mark.reset();
      });
      return 2;
    }
    return visible_.load();
  });
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(looks, 2);
}

TEST_F(UnsettledTest, LooksAgainWhereWhatItSawWasTakenAway) {
  int looks = 0;
  const int seen = unsettled_.settled("a", [&] {
    if (++looks > 1) return visible_.load();
    Unsettled::Mark mark(unsettled_, "a");
    mark.failed();  // seen before the failure, asked about after it
    return 2;
  });
  EXPECT_EQ(seen, 1);
}

TEST_F(UnsettledTest, LetsOneAtATimeChangeAPath) {
  std::optional<Unsettled::Mark> first;
  first.emplace(unsettled_, "a");
  std::atomic<bool> done = false;
  auto second = std::async(std::launch::async, [&] {
    const Unsettled::Mark mark(unsettled_, "a");
    return done.load();
  });
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  done = true;
  first.reset();
  EXPECT_TRUE(second.get());
}

}  // namespace
}  // namespace registry::storage
