#pragma once

#include <boost/asio/awaitable.hpp>
#include <stop_token>

#include "control.hpp"
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

// `registry retention`: applies the rules once. A daemon that serves the store does it by its own
// rules, and knows what it has promised; `dry_run`: only says what would go by these rules, without
// the daemon. Returns the process' exit code.
int retain(const config::Config& config, bool dry_run);

// The daemon's part: does what such a command asks for, and returns that command's exit code.
// Blocking.
int retain_as_asked(const config::Retention& rules, content::Content& content,
                    storage::Driver& driver, const std::stop_token& stop, const control::Say& say);

}  // namespace registry::app
