#include "registry/base/pool.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace registry::base {
namespace {

TEST(Pool, RunsAllThatWasPosted) {
  std::atomic<int> ran = 0;
  {
    Pool pool("test", 3);
    for (int i = 0; i < 1'000; ++i) pool.post([&] { ++ran; });
  }
  EXPECT_EQ(ran, 1'000);
}

TEST(Pool, RunsInOrderWhereItHasOneThread) {
  std::vector<int> order;
  {
    Pool pool("test", 1);
    for (int i = 0; i < 100; ++i) pool.post([&, i] { order.push_back(i); });
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(Pool, GrowsOnDemand) {
  std::latch all_run(4);  // each waits for the other three
  {
    Pool pool("test", 4);
    for (int i = 0; i < 4; ++i) pool.post([&] { all_run.arrive_and_wait(); });
  }
  EXPECT_TRUE(all_run.try_wait());
}

TEST(Pool, DoesNotGrowBeyondItsLimit) {
  std::atomic<int> running = 0, most = 0;
  {
    Pool pool("test", 2);
    for (int i = 0; i < 200; ++i) {
      pool.post([&] {
        const int now = ++running;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::yield();
        --running;
      });
    }
  }
  EXPECT_LE(most, 2);
  EXPECT_GE(most, 1);
}

TEST(Pool, UsesAThreadThatIsIdleAgain) {
  Pool pool("test", 8);
  const auto run = [&] {
    std::promise<std::thread::id> id;
    pool.post([&] { id.set_value(std::this_thread::get_id()); });
    return id.get_future().get();
  };
  // It may take a moment until the thread waits again; then no other is started.
  const auto first = run();
  bool again = false;
  for (int i = 0; i < 1'000 && !again; ++i) again = run() == first;
  EXPECT_TRUE(again);
}

TEST(Pool, NamesItsThreads) {
  std::array<char, 16> name{};
  {
    Pool pool("io", 1);
    pool.post([&] { ::pthread_getname_np(::pthread_self(), name.data(), name.size()); });
  }
  EXPECT_STREQ(name.data(), "io");
}

TEST(Pool, RunsWhatItsOwnWorkPosts) {
  std::atomic<int> ran = 0;
  {
    Pool pool("test", 2);
    pool.post([&] {
      pool.post([&] {
        ++ran;
        pool.post([&] { ++ran; });
      });
    });
  }
  EXPECT_EQ(ran, 2);
}

TEST(Pool, LetsGoOfWorkThatIsDone) {
  Pool pool("test", 1);
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = owned;
  pool.post([owned = std::move(owned)] {});
  std::promise<bool> gone;  // behind it in the queue
  pool.post([&] { gone.set_value(watched.expired()); });
  EXPECT_TRUE(gone.get_future().get());
}

TEST(Pool, ComesAndGoesManyTimes) {
  std::atomic<int> ran = 0;
  for (int i = 0; i < 300; ++i) {
    const auto pool = std::make_unique<Pool>("test", 4);
    for (int k = 0; k < 4; ++k) pool->post([&] { ++ran; });
  }
  EXPECT_EQ(ran, 1'200);
}

TEST(Pool, MayNeverBeUsed) {
  const Pool pool("test", 4);
}

}  // namespace
}  // namespace registry::base
