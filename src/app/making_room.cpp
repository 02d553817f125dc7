#include "making_room.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "registry/base/log.hpp"
#include "registry/base/offload.hpp"
#include "registry/base/text.hpp"
#include "registry/maintenance/quota_counter.hpp"
#include "registry/maintenance/store_counter.hpp"
#include "registry/maintenance/upload_purger.hpp"

namespace registry::app {
namespace net = boost::asio;

namespace {

constexpr std::chrono::seconds kTick{1};

}  // namespace

MakingRoom::MakingRoom(const config::Config& config, content::Content& content,
                       storage::Driver& driver, Collecting& collecting, const Watching& watching,
                       base::Metrics& metrics, std::stop_token stop)
    : config_(config),
      content_(content),
      driver_(driver),
      collecting_(collecting),
      watching_(watching),
      stop_(std::move(stop)),
      makes_room_(config.garbagecollection.enabled && !config.storage.maintenance.readonly.enabled),
      begun_(Clock::time_point::min()),
      ended_(Clock::time_point::min()),
      pause_(config.garbagecollection.mingrace),
      evicted_(metrics.counter("registry_capacity_evicted_tags_total",
                               "Tags that went above capacity.high.")) {
  if (config.capacity.evict && !makes_room_) {
    base::log::warn(
        "capacity.evict takes nothing from a store that is read-only or without garbagecollection");
  }
}

// A collection leaves less than was counted, and a mark has just been paid for anyway.
bool MakingRoom::has_to_count(Clock::time_point now) const {
  if (config_.capacity.limit == 0 && config_.quota.empty()) return false;
  return now >= next_count_ || collecting_.runs() != counted_after_;
}

void MakingRoom::count() {
  next_count_ = Clock::now() + config_.garbagecollection.interval;
  counted_after_ = collecting_.runs();
  try {
    if (config_.capacity.limit > 0) maintenance::count_store(content_, driver_, stop_);
    maintenance::count_quotas(content_, driver_, stop_);
  } catch (const std::exception& error) {
    base::log::error("cannot count what the store takes", {{"err", error.what()}});
  }
}

// Where nothing was free the last time, the next mark can wait, unless something was let go of that
// the last one could not take.
bool MakingRoom::is_due(Clock::time_point now) {
  const auto mingrace = config_.garbagecollection.mingrace;
  if (!watching_.is_nearly_full()) was_in_vain_ = false;
  if (!watching_.is_high()) pause_ = mingrace;
  if (!makes_room_ || !watching_.is_high()) return false;
  const bool may_free = content_.pins.last_unneeded() + mingrace > begun_;
  return now >= ended_ + (may_free ? mingrace : pause_);
}

void MakingRoom::make_room() {
  const auto& collection = config_.garbagecollection;
  const auto longest = std::max(collection.interval, collection.mingrace);
  bool is_worth_it = false;
  begun_ = Clock::now();
  try {
    const auto collected = collecting_.collect_under_pressure();
    const auto limit = std::chrono::system_clock::now() - collection.grace;
    const auto purged = maintenance::purge_uploads(content_, limit, false, stop_);
    // Where a sweep is stopped, nothing that is evicted would ever come back.
    const bool is_known = collected && !collected->sweep_was_stopped && !collected->was_ended;
    const bool went = config_.capacity.evict && is_known && evict();
    is_worth_it = went || purged.removed > 0 || (collected && collected->bytes > 0);
  } catch (const std::exception& error) {
    base::log::error("cannot make room", {{"err", error.what()}});
  }
  ended_ = Clock::now();
  pause_ = is_worth_it ? collection.mingrace : std::min<Clock::duration>(2 * pause_, longest);
}

// Returns whether anything went, and the next collection may take it.
bool MakingRoom::evict() {
  if (config_.capacity.limit > 0) {
    count();
    if (!content_.store_size.is_counted()) return false;
  }
  maintenance::EvictionRun run;
  run.mingrace = config_.garbagecollection.mingrace;
  run.stop = stop_;
  const auto evicted = maintenance::evict_tags(content_, driver_, config_.capacity, run);
  evicted_.Increment(static_cast<double>(evicted.tags));
  tell(evicted);
  return evicted.tags > 0 || evicted.manifests > 0;
}

// That there is nothing to take: once, until it changes.
void MakingRoom::tell(const maintenance::Evicted& evicted) {
  if (evicted.tags > 0) {
    base::log::info("tags were evicted: their room comes back with the next collections",
                    {{"tags", std::to_string(evicted.tags)},
                     {"manifests", std::to_string(evicted.manifests)},
                     {"bytes", std::to_string(evicted.bytes)},
                     {"coming", std::to_string(evicted.coming)}});
  }
  if (evicted.is_in_vain && !was_in_vain_) {
    base::log::warn(
        "nothing is evicted: all tags that may go would not bring the storage below capacity.high",
        {{"possible", base::size_text(evicted.possible)},
         {"coming", base::size_text(evicted.coming)}});
  }
  was_in_vain_ = evicted.is_in_vain;
}

net::awaitable<void> MakingRoom::make_room_for_ever(base::Pool& collecting) {
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  const auto count = [this] { this->count(); };
  const auto make_room = [this] { this->make_room(); };
  for (;;) {
    const auto now = Clock::now();
    if (has_to_count(now)) co_await base::offload(collecting, count);
    if (is_due(now)) co_await base::offload(collecting, make_room);
    timer.expires_after(kTick);
    co_await timer.async_wait(net::use_awaitable);
  }
}

}  // namespace registry::app
