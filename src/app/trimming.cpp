#include "trimming.hpp"

#include <malloc.h>

#include <chrono>
#include <cstddef>

#include "repeating.hpp"

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
  const std::function<void()> work = give_back;
  co_await repeat(io, kInterval, kInterval, work);
}

}  // namespace registry::app
