#include "trimming.hpp"

#include <malloc.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>

#include "registry/base/offload.hpp"

namespace registry::app {
namespace net = boost::asio;

namespace {

constexpr std::chrono::seconds kInterval{10};
constexpr std::size_t kMostFreeBytes = std::size_t{16} << 20;  // less is soon needed again

// What lies between blocks in use goes back as well, by whole pages.
void give_back() {
  if (::mallinfo2().fordblks > kMostFreeBytes) ::malloc_trim(kMostFreeBytes / 2);
}

}  // namespace

net::awaitable<void> give_back_memory_for_ever(base::Pool& io) {
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  for (;;) {
    timer.expires_after(kInterval);
    co_await timer.async_wait(net::use_awaitable);
    co_await base::offload(io, give_back);
  }
}

}  // namespace registry::app
