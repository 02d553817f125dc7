#include "registry/base/budget.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "support/run.hpp"

namespace registry::base {
namespace {

using Reservation = ByteBudget::Reservation;

class BudgetTest : public testing::Test {
 protected:
  // Asks for `bytes`; once it has them it writes its name down, and holds them.
  void ask(std::size_t bytes, int name) {
    held_.resize(std::max(held_.size(), static_cast<std::size_t>(name) + 1));
    net::co_spawn(context_, hold(bytes, name), net::detached);
    settle();
  }
  void let_go(int name) {
    held_[static_cast<std::size_t>(name)].reset();
    settle();
  }
  // Until nothing moves any more.
  void settle() {
    context_.restart();
    context_.poll();
  }

  net::awaitable<void> hold(std::size_t bytes, int name) {
    auto reservation = co_await budget_.acquire(bytes);
    held_[static_cast<std::size_t>(name)] = std::move(reservation);
    order_.push_back(name);
  }

  ByteBudget budget_{100};
  net::io_context context_;
  std::vector<std::optional<Reservation>> held_;
  std::vector<int> order_;
};

using Order = std::vector<int>;

// As at the end of the process.
TEST(Budget, NothingOfAWaiterOutlivesItsLoop) {
  ByteBudget budget(100);
  std::optional<Reservation> held;
  {
    net::io_context context;
    const auto hold = [&]() -> net::awaitable<void> {
      auto reservation = co_await budget.acquire(100);
      held = std::move(reservation);
    };
    for (int i = 0; i < 3; ++i) net::co_spawn(context, hold, net::detached);
    context.poll();
    ASSERT_TRUE(held);
  }
  held.reset();
  const auto acquire_all = [&]() -> net::awaitable<void> {
    const auto all = co_await budget.acquire(100);  // nobody is before it
  };
  support::run(acquire_all());
}

TEST_F(BudgetTest, GivesWhatIsFree) {
  ask(60, 0);
  ask(40, 1);
  EXPECT_EQ(order_, (Order{0, 1}));
}

TEST_F(BudgetTest, MakesTheNextWaitUntilThereIsEnough) {
  ask(60, 0);
  ask(41, 1);
  EXPECT_EQ(order_, (Order{0}));
  let_go(0);
  EXPECT_EQ(order_, (Order{0, 1}));
}

TEST_F(BudgetTest, ServesInOrderOfArrival) {
  ask(100, 0);
  ask(90, 1);
  ask(20, 2);
  ask(10, 3);
  let_go(0);
  EXPECT_EQ(order_, (Order{0, 1}));  // 3 would fit beside 1, but 2 came before it
  let_go(1);
  EXPECT_EQ(order_, (Order{0, 1, 2, 3}));
}

TEST_F(BudgetTest, LetsNobodyPastAWaiter) {
  ask(60, 0);
  ask(50, 1);
  ask(40, 2);  // free, but 1 is waiting
  EXPECT_EQ(order_, (Order{0}));
  let_go(0);
  EXPECT_EQ(order_, (Order{0, 1, 2}));
}

TEST_F(BudgetTest, CountsMoreThanAllAsAll) {
  ask(1'000, 0);
  EXPECT_EQ(order_, (Order{0}));
  ask(1, 1);
  EXPECT_EQ(order_, (Order{0}));
  let_go(0);
  EXPECT_EQ(order_, (Order{0, 1}));
  ask(1'000, 2);
  let_go(1);
  EXPECT_EQ(order_, (Order{0, 1, 2}));
}

TEST_F(BudgetTest, GetsItsBytesBackOnceThoughReservationsAreMoved) {
  {
    auto first = support::run(budget_.acquire(100));
    auto second = std::move(first);
    Reservation third;
    third = std::move(second);
  }
  ask(100, 0);
  EXPECT_EQ(order_, (Order{0}));
  ask(1, 1);
  EXPECT_EQ(order_, (Order{0}));  // and not twice
}

TEST_F(BudgetTest, IsNotHeldUpByAWaiterThatIsCancelled) {
  ask(60, 0);
  net::cancellation_signal cancel;
  held_.resize(3);
  net::co_spawn(context_, hold(90, 1),
                net::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&) {}));
  settle();
  ask(40, 2);
  EXPECT_EQ(order_, (Order{0}));
  cancel.emit(net::cancellation_type::terminal);
  settle();
  EXPECT_EQ(order_, (Order{0, 2}));
  let_go(0);
  ask(60, 3);
  EXPECT_EQ(order_, (Order{0, 2, 3}));
}

TEST_F(BudgetTest, PaysForABuffer) {
  {
    Buffer buffer(support::run(budget_.acquire(80)), 80);
    EXPECT_EQ(buffer.span().size(), 80U);
    ask(30, 0);
    EXPECT_EQ(order_, Order());
  }
  settle();
  EXPECT_EQ(order_, (Order{0}));
}

net::awaitable<void> take_often(ByteBudget& budget, std::atomic<std::size_t>& used,
                                std::atomic<bool>& exceeded, int times) {
  const auto executor = co_await net::this_coro::executor;
  for (int i = 0; i < times; ++i) {
    const std::size_t bytes = 1 + static_cast<std::size_t>(i) % 60;
    const auto reservation = co_await budget.acquire(bytes);
    used += bytes;
    if (used > 100) exceeded = true;
    co_await net::post(executor, net::use_awaitable);
    used -= bytes;
  }
}

TEST(Budget, IsNeverExceededByManyThreads) {
  ByteBudget budget(100);
  net::io_context context(2);
  std::atomic<std::size_t> used = 0;
  std::atomic<bool> exceeded = false;
  for (int i = 0; i < 8; ++i) {
    net::co_spawn(net::make_strand(context), take_often(budget, used, exceeded, 1'000),
                  net::detached);
  }
  {
    std::vector<std::jthread> threads;
    threads.reserve(2);
    for (int i = 0; i < 2; ++i) threads.emplace_back([&] { context.run(); });
  }
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(used, 0U);
}

}  // namespace
}  // namespace registry::base
