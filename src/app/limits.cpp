#include "limits.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "registry/base/budget.hpp"
#include "registry/content/content.hpp"
#include "registry/http/server.hpp"

namespace registry::app {

std::size_t body_memory() {
  constexpr std::size_t kMost = std::size_t{64} << 20, kLeast = std::size_t{8} << 20;
  const auto limit = base::memory_limit();
  return limit ? std::clamp(*limit / 4, kLeast, kMost) : kMost;
}

std::size_t index_memory() {
  constexpr std::size_t kMost = content::Indexing::kMostBytes, kLeast = std::size_t{1} << 20;
  const auto limit = base::memory_limit();
  return limit ? std::clamp(*limit / 8, kLeast, kMost) : kMost;
}

std::size_t recent_memory() {
  constexpr std::size_t kMost = std::size_t{32} << 20, kLeast = std::size_t{2} << 20;
  const auto limit = base::memory_limit();
  return limit ? std::clamp(*limit / 16, kLeast, kMost) : kMost;
}

std::size_t max_connections() {
  constexpr std::size_t kReserved = 128;
  const std::size_t kMost = http::ServerOptions().max_connections;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMost;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max == RLIM_INFINITY) return kMost;
  const auto descriptors = std::max<std::size_t>(limit.rlim_max, kReserved + 32);
  return std::min(kMost, (descriptors - kReserved) / 3);
}

std::size_t max_tls_connections() {
  constexpr std::size_t kBytesOfOne = 96 * 1024, kLeast = 128;
  const auto limit = base::memory_limit();
  return limit ? std::max(*limit / 4 / kBytesOfOne, kLeast) : http::ServerOptions().max_connections;
}

}  // namespace registry::app
