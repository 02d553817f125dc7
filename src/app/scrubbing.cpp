#include "scrubbing.hpp"

#include <chrono>
#include <random>

#include "registry/base/log.hpp"
#include "repeating.hpp"

namespace registry::app {
namespace net = boost::asio;

namespace {

void tell(const maintenance::Scrubbed& scrubbed) {
  base::log::info(scrubbed.was_stopped ? "a scrub was ended early" : "the store was scrubbed",
                  {{"blobs", std::to_string(scrubbed.blobs)},
                   {"bytes", std::to_string(scrubbed.bytes)},
                   {"damaged", std::to_string(scrubbed.damaged)},
                   {"unreadable", std::to_string(scrubbed.unreadable)}});
}

std::chrono::seconds random_part_of(std::chrono::seconds interval) {
  std::random_device random;
  return std::chrono::seconds(
      std::uniform_int_distribution<std::int64_t>(0, interval.count())(random));
}

}  // namespace

std::optional<maintenance::Scrubbed> Scrubbing::scrub_by_hand(std::uint64_t rate,
                                                              const std::stop_token& gone,
                                                              const Report& report) {
  const std::unique_lock lock(one_at_a_time_, std::try_to_lock);
  if (!lock) return std::nullopt;
  base::log::info("a scrub was asked for", {{"rate", std::to_string(rate)}});
  std::stop_source either;
  const auto end = [&] { either.request_stop(); };
  const std::stop_callback on_end(stop_, end), on_gone(gone, end);
  const maintenance::ScrubOptions options{rate, metrics_, either.get_token()};
  auto scrubbed = maintenance::scrub(driver_, content_.pins, content_.recent, options, report);
  tell(scrubbed);
  return scrubbed;
}

void Scrubbing::scrub_by_itself() {
  const std::scoped_lock lock(one_at_a_time_);
  try {
    const maintenance::ScrubOptions options{options_.rate, metrics_, stop_};
    tell(maintenance::scrub(driver_, content_.pins, content_.recent, options));
  } catch (const std::exception& error) {
    base::log::error("cannot scrub the store", {{"err", error.what()}});
  }
}

net::awaitable<void> Scrubbing::scrub_for_ever(base::Pool& pool) {
  const auto first = random_part_of(options_.interval);
  base::log::info("the store is scrubbed",
                  {{"first", std::to_string(first.count()) + "s"},
                   {"interval", std::to_string(options_.interval.count()) + "s"},
                   {"rate", std::to_string(options_.rate)}});
  const std::function<void()> work = [this] { scrub_by_itself(); };
  co_await repeat(pool, first, options_.interval, work);
}

}  // namespace registry::app
