#pragma once

#include <boost/asio/awaitable.hpp>

#include "registry/base/pool.hpp"

namespace registry::app {

// Gives memory that is no longer used back to the system, every few seconds until the event loop
// ends: after a crowd of connections glibc would keep what they needed. `io` outlives the loop.
boost::asio::awaitable<void> give_back_memory_for_ever(base::Pool& io);

}  // namespace registry::app
