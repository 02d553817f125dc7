#pragma once

#include <boost/asio/awaitable.hpp>
#include <stop_token>

#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"
#include "registry/maintenance/scrub_metrics.hpp"
#include "registry/storage/driver.hpp"

namespace registry::app {

// Scrubs the store again and again until the event loop ends: the first time after a random part of
// the interval, so that not all daemons on a disk begin at once. A run holds a thread of the pool
// for hours, and ends early where `stop` asks for it. All of it outlives the loop.
boost::asio::awaitable<void> scrub_for_ever(const config::Scrub& options, storage::Driver& driver,
                                            content::Content& content, base::Pool& pool,
                                            maintenance::ScrubMetrics metrics,
                                            std::stop_token stop);

}  // namespace registry::app
