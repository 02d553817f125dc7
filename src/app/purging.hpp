#pragma once

#include <boost/asio/awaitable.hpp>
#include <stop_token>

#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"

namespace registry::app {

// Purges uploads again and again until the event loop ends: the first time after a random part of
// an hour, as 2.8 does it, so that not all daemons begin at once. A run under way ends early where
// `stop` asks for it. All of it outlives the loop.
boost::asio::awaitable<void> purge_uploads_for_ever(const config::Uploadpurging& options,
                                                    content::Content& content, base::Pool& io,
                                                    std::stop_token stop);

}  // namespace registry::app
