#include "watching.hpp"

#include <functional>
#include <utility>

#include "registry/base/log.hpp"
#include "registry/base/text.hpp"
#include "repeating.hpp"

namespace registry::app {
namespace net = boost::asio;

namespace {

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::minutes kUntilReserveIsTriedAgain{1};

}  // namespace

Watching::Watching(const config::Capacity& capacity, content::Reservations& reservations,
                   Health& health, base::Metrics& metrics, storage::ReserveFile* reserve)
    : capacity_(capacity),
      reservations_(reservations),
      health_(health),
      reserve_(reserve),
      limit_(metrics.gauge("registry_capacity_limit_bytes", "What the store may take.")),
      used_(metrics.gauge("registry_capacity_used_bytes", "What is taken of it.")),
      free_(
          metrics.gauge("registry_capacity_free_bytes", "What is free of it, and on the volume.")),
      reserved_(metrics.gauge("registry_capacity_reserved_bytes",
                              "What is reserved for uploads under way.")),
      refused_(metrics.counter("registry_capacity_refused_total",
                               "Requests that were refused as what they bring does not fit.")) {}

void Watching::look() {
  const auto refused = reservations_.refused();
  refused_.Increment(static_cast<double>(refused - std::exchange(refused_so_far_, refused)));
  const auto now = reservations_.fullness();
  if (!now) return;
  limit_.Set(static_cast<double>(now->limit));
  used_.Set(static_cast<double>(now->used));
  free_.Set(static_cast<double>(now->free));
  reserved_.Set(static_cast<double>(now->reserved));
  is_high_ = now->is_above(capacity_.high);
  announce(*now);
  keep_reserve(*now);
  health_.set_remark(reservations_.why_full());
}

// Once, until it is below `low` again.
void Watching::announce(const content::Fullness& now) {
  const auto used = base::size_text(now.used), limit = base::size_text(now.limit);
  if (is_high_ && !is_nearly_full_) {
    base::log::warn("the storage is nearly full: what nothing needs is collected at once",
                    {{"used", used},
                     {"limit", limit},
                     {"capacity.high", std::to_string(capacity_.high) + "%"}});
    is_nearly_full_ = true;
  } else if (is_nearly_full_ && !now.is_above(capacity_.low)) {
    base::log::info("the storage has room again", {{"used", used}, {"limit", limit}});
    is_nearly_full_ = false;
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
  reservations_.keep_in_file(reserve_->held());
}

net::awaitable<void> Watching::watch_for_ever(base::Pool& io) {
  constexpr std::chrono::seconds kAtOnce{0};
  const std::function<void()> work = [this] { look(); };
  co_await repeat(io, kAtOnce, kTick, work);
}

}  // namespace registry::app
