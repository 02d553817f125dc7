#include "registry/base/budget.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>

namespace registry::base {

// A place in the line, which is left also where the coroutine is dropped while it waits, as at the
// end of the event loop: nothing of it may outlive that.
class ByteBudget::Place {
 public:
  Place(ByteBudget& budget, std::shared_ptr<Waiter> waiter)
      : budget_(budget), waiter_(std::move(waiter)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    const std::scoped_lock lock(budget_.mutex_);
    if (is_taken_) return;
    budget_.waiters_.remove(waiter_);
    if (waiter_->granted) budget_.free_ += waiter_->bytes;
    budget_.grant_waiters();  // those behind it may want less
  }
  // Whether what was waited for is there: then it is the caller's.
  bool take() {
    const std::scoped_lock lock(budget_.mutex_);
    return is_taken_ = waiter_->granted;
  }

 private:
  ByteBudget& budget_;
  const std::shared_ptr<Waiter> waiter_;
  bool is_taken_ = false;
};

net::awaitable<ByteBudget::Reservation> ByteBudget::acquire(std::size_t bytes) {
  bytes = std::min(bytes, capacity_);
  const auto executor = co_await net::this_coro::executor;
  std::shared_ptr<Waiter> waiter;
  {
    const std::scoped_lock lock(mutex_);
    if (waiters_.empty() && free_ >= bytes) {
      free_ -= bytes;
      co_return Reservation(*this, bytes);
    }
    waiter = std::make_shared<Waiter>(
        Waiter{net::steady_timer(executor, net::steady_timer::time_point::max()), bytes});
    waiters_.push_back(waiter);
  }
  Place place(*this, waiter);
  boost::system::error_code ignored;
  co_await waiter->timer.async_wait(net::redirect_error(net::use_awaitable, ignored));
  // Cancelled from outside: the connection is going away.
  if (!place.take()) throw boost::system::system_error(net::error::operation_aborted);
  co_return Reservation(*this, bytes);
}

void ByteBudget::release(std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  free_ += bytes;
  grant_waiters();
}

void ByteBudget::grant_waiters() {
  while (!waiters_.empty() && waiters_.front()->bytes <= free_) {
    auto waiter = std::move(waiters_.front());
    waiters_.pop_front();
    free_ -= waiter->bytes;
    waiter->granted = true;
    // A timer belongs to its own executor: another thread may be just about to wait on it.
    net::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
  }
}

std::optional<std::size_t> memory_limit() {
  constexpr std::size_t kNoLimitAtAll = std::size_t{1} << 50;  // cgroup v1 says 2^63 rounded
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    std::size_t bytes = 0;
    if (file >> bytes && bytes < kNoLimitAtAll) return bytes;
  }
  return std::nullopt;
}

}  // namespace registry::base
