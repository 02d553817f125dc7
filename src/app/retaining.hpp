#pragma once

#include <boost/asio/awaitable.hpp>
#include <stop_token>

#include "control.hpp"
#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"
#include "registry/maintenance/retention_metrics.hpp"
#include "registry/storage/driver.hpp"

namespace registry::app {

// What the daemon's retention works with: all of it outlives the event loop.
struct Retaining {
  const config::Retention& rules;
  content::Content& content;
  storage::Driver& driver;
  maintenance::RetentionMetrics& metrics;
  std::stop_token stop;  // ends a run under way early
};

// Applies the rules of retention at each interval until the event loop ends.
boost::asio::awaitable<void> retain_for_ever(Retaining retaining, base::Pool& io);

// `registry retention`: applies the rules once. A daemon that serves the store does it by its own
// rules, and knows what it has promised; `dry_run`: only says what would go by these rules, without
// the daemon. Returns the process' exit code.
int retain(const config::Config& config, bool dry_run);

// The daemon's part: does what such a command asks for, and returns that command's exit code.
// Blocking.
int retain_as_asked(const Retaining& retaining, const control::Say& say);

}  // namespace registry::app
