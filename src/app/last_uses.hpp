#pragma once

#include <boost/asio/awaitable.hpp>

#include "registry/base/pool.hpp"
#include "registry/content/last_uses.hpp"

namespace registry::app {

// Writes what is due; `all`: what is not yet due as well. A failure is logged. Blocking.
void save_last_uses(content::LastUses& uses, bool all);

// Loads them, and writes once a minute what is due, until the event loop ends. All of it outlives
// the loop.
boost::asio::awaitable<void> save_last_uses_for_ever(content::LastUses& uses, base::Pool& io);

}  // namespace registry::app
