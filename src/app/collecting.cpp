#include "collecting.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "registry/base/log.hpp"
#include "registry/base/offload.hpp"

namespace registry::app {
namespace net = boost::asio;

namespace {

// The first mark takes nothing, as the start counts as a promise of everything: it tells early what
// is damaged.
constexpr std::chrono::seconds kFirst{30};
// How late a collection may be that is due.
constexpr std::chrono::seconds kTick{1};

double seconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

Collecting::Collecting(const config::Garbagecollection& options, content::Content& content,
                       storage::Driver& driver, base::Metrics& metrics, std::stop_token stop)
    : options_(options),
      content_(content),
      driver_(driver),
      stop_(std::move(stop)),
      next_(Clock::now() + std::min<std::chrono::seconds>(options.interval, kFirst)),
      runs_(metrics.counter("registry_gc_runs_total", "Collections that came to their end.")),
      blobs_(metrics.counter("registry_gc_removed_blobs_total", "Blobs that were collected.")),
      bytes_(metrics.counter("registry_gc_freed_bytes_total", "Bytes of collected blobs.")),
      miscounted_(metrics.counter("registry_gc_miscounted_total",
                                  "Reference counts that a mark has found to be wrong.")),
      completed_(metrics.gauge("registry_gc_last_completed_timestamp_seconds",
                               "When a collection last came to its end.")),
      damaged_(metrics.gauge("registry_gc_damaged",
                             "Places of the store that the last collection could not read.")) {}

maintenance::Collected Collecting::collect_by_hand(maintenance::CollectOptions options,
                                                   const Say& say) {
  options.grace = options_.mingrace;
  return collect(std::move(options), say);
}

maintenance::Collected Collecting::collect(maintenance::CollectOptions options, const Say& say) {
  const std::scoped_lock lock(one_at_a_time_);
  options.stop = stop_;
  const auto collected = maintenance::collect_garbage(content_, driver_, options, say);
  if (collected.was_ended) return collected;
  damaged_.Set(static_cast<double>(collected.damaged));
  completed_.Set(seconds_of(std::chrono::system_clock::now()));
  runs_.Increment();
  ++runs_so_far_;
  if (!options.dry_run) count(collected);
  return collected;
}

void Collecting::count(const maintenance::Collected& collected) {
  content_.store_size.shrank(collected.bytes);
  blobs_.Increment(static_cast<double>(collected.blobs));
  bytes_.Increment(static_cast<double>(collected.bytes));
  if (collected.miscounted == 0) return;
  miscounted_.Increment(static_cast<double>(collected.miscounted));
  base::log::warn(
      "the counts of what is needed were not what is stored, and are counted anew: a push that "
      "failed half-way leaves that, and who changes the files by hand",
      {{"counts", std::to_string(collected.miscounted)}});
}

bool Collecting::has_to_mark(Clock::time_point now) const {
  if (now >= next_ || now >= left_until_) return true;
  const auto unneeded = content_.pins.first_unneeded();
  return !content_.counts.is_known() && unneeded && now >= *unneeded + options_.grace;
}

bool Collecting::has_let_go(Clock::time_point now) const {
  const auto first = content_.counts.first_let_go();
  return first && now >= *first + options_.grace;
}

void Collecting::tell(const maintenance::Collected& collected, Clock::time_point begin) const {
  if (collected.blobs == 0 && collected.damaged == 0) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  base::log::Fields fields = {{"blobs", std::to_string(collected.blobs)},
                              {"bytes", std::to_string(collected.bytes)},
                              {"damaged", std::to_string(collected.damaged)},
                              {"ms", std::to_string(took.count())}};
  if (collected.marked > 0) fields.emplace_back("needed", std::to_string(collected.marked));
  base::log::info("space was made: what nothing needs is gone", fields);
}

// nullopt: it failed.
std::optional<maintenance::Collected> Collecting::mark_and_tell(std::chrono::seconds grace) {
  const auto begin = Clock::now();
  try {
    auto collected = collect({.quiet = true, .grace = grace}, {});
    tell(collected, begin);
    return collected;
  } catch (const std::exception& error) {
    base::log::error("cannot collect what nothing needs", {{"err", error.what()}});
    return std::nullopt;
  }
}

// False: the whole store has to be marked.
bool Collecting::collect_let_go() {
  const std::scoped_lock lock(one_at_a_time_);
  const auto begin = Clock::now();
  try {
    const auto collected = maintenance::collect_let_go(content_, driver_, options_.grace, stop_);
    if (!collected) return false;
    count(*collected);
    tell(*collected, begin);
    return true;
  } catch (const std::exception& error) {
    base::log::error("cannot collect what was deleted", {{"err", error.what()}});
    return false;
  }
}

void Collecting::collect_by_itself() {
  const auto begin = Clock::now();
  if (!has_to_mark(begin) && collect_let_go()) return;
  // Before the mark: what is deleted behind its back is left for the next one.
  content_.pins.forget_unneeded();
  next_ = begin + options_.interval;
  left_until_ = Clock::time_point::max();
  const auto collected = mark_and_tell(options_.grace);
  if (collected && collected->kept > 0) left_until_ = begin + options_.grace + kTick;
}

std::optional<maintenance::Collected> Collecting::collect_under_pressure() {
  return mark_and_tell(options_.mingrace);
}

net::awaitable<void> Collecting::collect_for_ever(base::Pool& pool) {
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  base::log::info("what nothing needs is collected",
                  {{"interval", std::to_string(options_.interval.count()) + "s"},
                   {"grace", std::to_string(options_.grace.count()) + "s"}});
  const auto work = [this] { collect_by_itself(); };
  for (;;) {
    timer.expires_after(kTick);
    co_await timer.async_wait(net::use_awaitable);
    const auto now = Clock::now();
    const bool is_due = has_to_mark(now) || has_let_go(now);
    if (is_due) co_await base::offload(pool, work);
  }
}

}  // namespace registry::app
