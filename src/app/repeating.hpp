#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>

#include "registry/base/pool.hpp"

namespace registry::app {

// Runs the blocking `work` on the pool again and again until the event loop ends: the first time
// after `first`, then a `pause` after it has ended. `work` must not throw; what it refers to, and
// the pool, outlive the loop or whoever awaits this.
boost::asio::awaitable<void> repeat(base::Pool& pool, std::chrono::nanoseconds first,
                                    std::chrono::nanoseconds pause, std::function<void()> work);

}  // namespace registry::app
