#include "repeating.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "registry/base/offload.hpp"

namespace registry::app {
namespace net = boost::asio;

net::awaitable<void> repeat(base::Pool& pool, std::chrono::nanoseconds first,
                            std::chrono::nanoseconds pause, std::function<void()> work) {
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  const auto once = [&] { work(); };
  for (auto wait = first;; wait = pause) {
    timer.expires_after(wait);
    co_await timer.async_wait(net::use_awaitable);
    co_await base::offload(pool, once);
  }
}

}  // namespace registry::app
