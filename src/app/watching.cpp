#include "watching.hpp"

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
#include "repeating.hpp"

namespace registry::app {
namespace net = boost::asio;

namespace {

constexpr std::chrono::seconds kTick{1}, kFirstCount{30};
constexpr std::chrono::minutes kUntilReserveIsTriedAgain{1};

}  // namespace

Watching::Watching(const config::Config& config, content::Content& content, storage::Driver& driver,
                   Collecting& collecting, maintenance::UsageRecord& usage, Health& health,
                   base::Metrics& metrics, storage::ReserveFile* reserve, std::stop_token stop)
    : config_(config),
      content_(content),
      driver_(driver),
      collecting_(collecting),
      usage_(usage),
      health_(health),
      reserve_(reserve),
      stop_(std::move(stop)),
      next_count_(first_count()),
      limit_(metrics.gauge("registry_capacity_limit_bytes", "What the store may take.")),
      used_(metrics.gauge("registry_capacity_used_bytes", "What is taken of it.")),
      free_(
          metrics.gauge("registry_capacity_free_bytes", "What is free of it, and on the volume.")),
      reserved_(metrics.gauge("registry_capacity_reserved_bytes",
                              "What is reserved for uploads under way.")),
      refused_(metrics.counter("registry_capacity_refused_total",
                               "Requests that were refused as what they bring does not fit.")) {}

void Watching::look() {
  const auto refused = content_.reservations.refused();
  refused_.Increment(static_cast<double>(refused - std::exchange(refused_so_far_, refused)));
  const auto now = content_.reservations.fullness();
  if (!now) return;
  limit_.Set(static_cast<double>(now->limit));
  used_.Set(static_cast<double>(now->used));
  free_.Set(static_cast<double>(now->free));
  reserved_.Set(static_cast<double>(now->reserved));
  is_high_ = now->is_above(config_.capacity.high);
  announce(*now);
  keep_reserve(*now);
  health_.set_remark(content_.reservations.why_full());
}

// Once, until it is below `low` again.
void Watching::announce(const content::Fullness& now) {
  const auto used = base::size_text(now.used), limit = base::size_text(now.limit);
  if (is_high_ && !was_announced_) {
    base::log::warn("the storage is nearly full: what nothing needs is collected at once",
                    {{"used", used},
                     {"limit", limit},
                     {"capacity.high", std::to_string(config_.capacity.high) + "%"}});
    was_announced_ = true;
  } else if (was_announced_ && !now.is_above(config_.capacity.low)) {
    base::log::info("the storage has room again", {{"used", used}, {"limit", limit}});
    was_announced_ = false;
  }
}

// Made only where as much is free beside it, so that it does not come and go. Where the filesystem
// cannot give blocks in advance, as much is left free.
void Watching::keep_reserve(const content::Fullness& now) {
  if (reserve_ == nullptr) return;
  const bool is_wrong = reserve_->held() != now.kept && now.free >= 2 * now.kept;
  if (is_wrong && Clock::now() >= next_reserve_ && !reserve_->make(now.kept)) {
    next_reserve_ = Clock::now() + kUntilReserveIsTriedAgain;
  }
  content_.reservations.keep_in_file(reserve_->held());
}

net::awaitable<void> Watching::watch_for_ever(base::Pool& io) {
  constexpr std::chrono::seconds kAtOnce{0};
  const std::function<void()> work = [this] { look(); };
  co_await repeat(io, kAtOnce, kTick, work);
}

bool Watching::makes_room() const {
  return config_.garbagecollection.enabled && !config_.storage.maintenance.readonly.enabled;
}

// At once where pushes are measured by it. Else a start has better things to do: the first mark
// comes soon, or where there is none, a count by itself.
Watching::Clock::time_point Watching::first_count() const {
  const bool is_urgent = config_.capacity.limit > 0 || !config_.quota.empty();
  if (is_urgent) return Clock::time_point::min();
  const auto interval = config_.garbagecollection.interval;
  return Clock::now() + (makes_room() ? interval : std::min(interval, kFirstCount));
}

// A collection leaves less than was counted, and a mark has just been paid for anyway.
bool Watching::has_to_count(Clock::time_point now) const {
  return now >= next_count_ || collecting_.runs() != counted_after_;
}

void Watching::count() {
  next_count_ = Clock::now() + config_.garbagecollection.interval;
  counted_after_ = collecting_.runs();
  try {
    if (config_.capacity.limit > 0) maintenance::count_store(content_, driver_, stop_);
    maintenance::count_quotas(content_, driver_, stop_);
    usage_.take(stop_);
  } catch (const std::exception& error) {
    base::log::error("cannot count what the store takes", {{"err", error.what()}});
  }
}

void Watching::make_room() {
  try {
    collecting_.collect_under_pressure();
    const auto limit = std::chrono::system_clock::now() - config_.garbagecollection.grace;
    maintenance::purge_uploads(content_, limit, false, stop_);
  } catch (const std::exception& error) {
    base::log::error("cannot make room", {{"err", error.what()}});
  }
  next_room_ = Clock::now() + config_.garbagecollection.mingrace;  // after a mark, however long
}

net::awaitable<void> Watching::make_room_for_ever(base::Pool& collecting) {
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  const auto count = [this] { this->count(); };
  const auto make_room = [this] { this->make_room(); };
  for (;;) {
    const auto now = Clock::now();
    if (has_to_count(now)) co_await base::offload(collecting, count);
    const bool is_due = makes_room() && is_high_ && now >= next_room_;
    if (is_due) co_await base::offload(collecting, make_room);
    timer.expires_after(kTick);
    co_await timer.async_wait(net::use_awaitable);
  }
}

}  // namespace registry::app
