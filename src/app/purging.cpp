#include "purging.hpp"

#include <algorithm>
#include <chrono>
#include <random>

#include "registry/base/log.hpp"
#include "registry/maintenance/upload_purger.hpp"
#include "repeating.hpp"

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
  std::random_device random;
  std::chrono::seconds first = std::chrono::minutes(random() % 60);
  first = std::min(first, options.interval);
  base::log::info("uploads that nobody finishes are purged",
                  {{"first", std::to_string(first.count()) + "s"},
                   {"interval", std::to_string(options.interval.count()) + "s"},
                   {"age", std::to_string(options.age.count()) + "s"}});
  const std::function<void()> work = [&] { purge(options, content, stop); };
  co_await repeat(io, first, options.interval, work);
}

}  // namespace registry::app
