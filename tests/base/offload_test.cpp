#include "registry/base/offload.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/run.hpp"

namespace registry::base {
namespace {

using support::run;

class OffloadTest : public testing::Test {
 protected:
  Pool pool_{"test", 4};
};

TEST_F(OffloadTest, GivesTheResult) {
  const std::string text = "result";
  const auto work = [&] { return text + "!"; };
  EXPECT_EQ(run(offload(pool_, work)), "result!");
}

TEST_F(OffloadTest, GivesAResultThatCanOnlyBeMoved) {
  const auto work = [] { return std::make_unique<int>(7); };
  EXPECT_EQ(*run(offload(pool_, work)), 7);
}

TEST_F(OffloadTest, RunsOnThePool) {
  std::thread::id ran_on;
  const auto work = [&] { ran_on = std::this_thread::get_id(); };
  run(offload(pool_, work));
  EXPECT_NE(ran_on, std::thread::id());
  EXPECT_NE(ran_on, std::this_thread::get_id());
}

TEST_F(OffloadTest, PassesExceptionsOn) {
  const auto returning = []() -> int { throw std::out_of_range("why"); };
  EXPECT_THROW(run(offload(pool_, returning)), std::out_of_range);
  const auto returning_nothing = [] { throw std::runtime_error("why"); };
  EXPECT_THROW(run(offload(pool_, returning_nothing)), std::runtime_error);
}

net::awaitable<void> resume_where_it_was(Pool& pool, bool& on_own_strand) {
  const auto executor = co_await net::this_coro::executor;
  const auto* strand = executor.target<net::strand<net::io_context::executor_type>>();
  on_own_strand = strand != nullptr && strand->running_in_this_thread();
  for (int i = 0; i < 100; ++i) {
    const auto work = [] {};
    co_await offload(pool, work);
    on_own_strand = on_own_strand && strand->running_in_this_thread();
  }
}

TEST_F(OffloadTest, ResumesOnTheExecutorOfItsCaller) {
  net::io_context context;
  bool on_own_strand = false;
  net::co_spawn(net::make_strand(context), resume_where_it_was(pool_, on_own_strand),
                net::detached);
  {
    std::vector<std::jthread> threads;
    threads.reserve(2);
    for (int i = 0; i < 2; ++i) threads.emplace_back([&] { context.run(); });
  }
  EXPECT_TRUE(on_own_strand);
}

// Compilers have failed here: with coroutines that go on in another thread than the one in which
// they were suspended, and with results that have destructors.
net::awaitable<std::string> innermost(Pool& pool, const std::string& text) {
  const auto work = [&] { return text + "-innermost, too long for the string itself"; };
  auto result = co_await offload(pool, work);
  co_return result;
}

net::awaitable<std::size_t> inner(Pool& pool, std::size_t i) {
  const std::string text = std::to_string(i);
  const auto result = co_await innermost(pool, text);
  if (!result.starts_with(text + "-innermost")) throw std::logic_error("not what was passed in");
  if (i % 7 == 3) throw std::runtime_error(result);
  co_return result.size();
}

net::awaitable<void> outer(Pool& pool, std::atomic<std::size_t>& done, std::atomic<bool>& failed,
                           std::size_t times) {
  std::size_t unguarded = 0;  // this coroutine's alone, on its strand
  for (std::size_t i = 0; i < times; ++i) {
    try {
      const auto size = co_await inner(pool, i);
      if (size < 40 || i % 7 == 3) failed = true;
    } catch (const std::runtime_error& error) {
      if (i % 7 != 3 || !std::string(error.what()).starts_with(std::to_string(i))) failed = true;
    } catch (const std::exception&) {
      failed = true;
    }
    ++unguarded;
  }
  done += unguarded;
}

TEST_F(OffloadTest, HoldsOnManyStrandsAndThreads) {
  constexpr std::size_t kStrands = 8, kTimes = 1'250;  // 10000 in all
  net::io_context context(2);
  std::atomic<std::size_t> done = 0;
  std::atomic<bool> failed = false;
  for (std::size_t i = 0; i < kStrands; ++i) {
    net::co_spawn(net::make_strand(context), outer(pool_, done, failed, kTimes), net::detached);
  }
  {
    std::vector<std::jthread> threads;
    threads.reserve(2);
    for (int i = 0; i < 2; ++i) threads.emplace_back([&] { context.run(); });
  }
  EXPECT_EQ(done, kStrands * kTimes);
  EXPECT_FALSE(failed);
}

// The same without a pool: the strands themselves change threads.
net::awaitable<int> hop(int depth) {
  const auto executor = co_await net::this_coro::executor;
  co_await net::post(executor, net::use_awaitable);
  if (depth == 0) co_return 1;
  const int below = co_await hop(depth - 1);
  co_return below + 1;
}

net::awaitable<void> hop_often(std::atomic<int>& sum, int times) {
  for (int i = 0; i < times; ++i) {
    const int depth = co_await hop(3);
    sum += depth;
  }
}

TEST(Coroutines, HoldWhereStrandsChangeThreads) {
  constexpr int kStrands = 8, kTimes = 10'000;
  net::io_context context(2);
  std::atomic<int> sum = 0;
  for (int i = 0; i < kStrands; ++i) {
    net::co_spawn(net::make_strand(context), hop_often(sum, kTimes), net::detached);
  }
  {
    std::vector<std::jthread> threads;
    threads.reserve(2);
    for (int i = 0; i < 2; ++i) threads.emplace_back([&] { context.run(); });
  }
  EXPECT_EQ(sum, kStrands * kTimes * 4);
}

}  // namespace
}  // namespace registry::base
