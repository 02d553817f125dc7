#include "storage/unsettled.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>

namespace registry::storage {
namespace {

TEST(Unsettled, LetsAllThroughThatIsSettled) {
  Unsettled unsettled;
  unsettled.wait_for("a");
  const Unsettled::Mark mark(unsettled, "b");
  unsettled.wait_for("a");
}

TEST(Unsettled, HoldsBackUntilTheLastMarkIsGone) {
  Unsettled unsettled;
  std::optional<Unsettled::Mark> first, second;
  first.emplace(unsettled, "a");
  second.emplace(unsettled, "a");
  std::atomic<int> gone = 0;
  auto waiting = std::async(std::launch::async, [&] {
    unsettled.wait_for("a");
    return gone.load();
  });
  ++gone;
  first.reset();
  ++gone;
  second.reset();
  EXPECT_EQ(waiting.get(), 2);
}

}  // namespace
}  // namespace registry::storage
