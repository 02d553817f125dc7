#include "purging.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <random>

#include "registry/base/log.hpp"
#include "registry/base/offload.hpp"
#include "registry/maintenance/upload_purger.hpp"

namespace registry::app {
namespace net = boost::asio;

namespace {

void purge(const config::Uploadpurging& options, content::Content& content,
           const std::stop_token& stop) {
  try {
    const auto limit = std::chrono::system_clock::now() - options.age;
    const auto purged = maintenance::purge_uploads(content, limit, options.dryrun, stop);
    base::log::info("uploads purged", {{"found", std::to_string(purged.found)},
                                       {"removed", std::to_string(purged.removed)}});
  } catch (const std::exception& error) {
    base::log::error("cannot purge uploads", {{"err", error.what()}});
  }
}

}  // namespace

net::awaitable<void> purge_uploads_for_ever(const config::Uploadpurging& options,
                                            content::Content& content, base::Pool& io,
                                            std::stop_token stop) {
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  std::random_device random;
  std::chrono::seconds pause = std::chrono::minutes(random() % 60);
  pause = std::min(pause, options.interval);
  base::log::info("uploads that nobody finishes are purged",
                  {{"first", std::to_string(pause.count()) + "s"},
                   {"interval", std::to_string(options.interval.count()) + "s"},
                   {"age", std::to_string(options.age.count()) + "s"}});
  for (;;) {
    timer.expires_after(pause);
    co_await timer.async_wait(net::use_awaitable);
    const auto work = [&] { purge(options, content, stop); };
    co_await base::offload(io, work);
    pause = options.interval;
  }
}

}  // namespace registry::app
