#pragma once

#include <boost/asio/awaitable.hpp>
#include <stop_token>

#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"
#include "registry/storage/driver.hpp"

namespace registry::app {

// Applies the rules of retention at each interval until the event loop ends. A run under way ends
// early where `stop` asks for it. All of it outlives the loop.
boost::asio::awaitable<void> retain_for_ever(const config::Retention& rules,
                                             content::Content& content, storage::Driver& driver,
                                             base::Pool& io, std::stop_token stop);

// `registry retention`: applies the rules once, on a store that no daemon serves; `dry_run`: only
// says what would go, also of a store that is served. Returns the process' exit code.
int retain(const config::Config& config, bool dry_run);

}  // namespace registry::app
