#include "scrubbing.hpp"

#include <chrono>
#include <random>

#include "registry/base/log.hpp"
#include "registry/maintenance/scrubber.hpp"
#include "repeating.hpp"

namespace registry::app {
namespace net = boost::asio;

namespace {

void scrub(storage::Driver& driver, content::Content& content,
           const maintenance::ScrubOptions& options) {
  try {
    const auto scrubbed = maintenance::scrub(driver, content.pins, content.recent, options);
    if (scrubbed.was_stopped) return;
    base::log::info("the store was scrubbed",
                    {{"blobs", std::to_string(scrubbed.blobs)},
                     {"bytes", std::to_string(scrubbed.bytes)},
                     {"damaged", std::to_string(scrubbed.damaged)},
                     {"unreadable", std::to_string(scrubbed.unreadable)}});
  } catch (const std::exception& error) {
    base::log::error("cannot scrub the store", {{"err", error.what()}});
  }
}

std::chrono::seconds random_part_of(std::chrono::seconds interval) {
  std::random_device random;
  return std::chrono::seconds(
      std::uniform_int_distribution<std::int64_t>(0, interval.count())(random));
}

}  // namespace

net::awaitable<void> scrub_for_ever(const config::Scrub& options, storage::Driver& driver,
                                    content::Content& content, base::Pool& pool,
                                    maintenance::ScrubMetrics metrics, std::stop_token stop) {
  const maintenance::ScrubOptions scrubbing{options.rate, metrics, stop};
  const auto first = random_part_of(options.interval);
  base::log::info("the store is scrubbed",
                  {{"first", std::to_string(first.count()) + "s"},
                   {"interval", std::to_string(options.interval.count()) + "s"},
                   {"rate", std::to_string(options.rate)}});
  const std::function<void()> work = [&] { scrub(driver, content, scrubbing); };
  co_await repeat(pool, first, options.interval, work);
}

}  // namespace registry::app
