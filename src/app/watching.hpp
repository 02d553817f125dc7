#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "health.hpp"
#include "registry/base/metrics.hpp"
#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/content/reservations.hpp"
#include "registry/storage/reserve_file.hpp"

namespace registry::app {

// Watches how full the store is, says so, and keeps the reserve. All that it is given outlives it.
// `reserve`: nullptr where there is no volume.
class Watching {
 public:
  Watching(const config::Capacity& capacity, content::Reservations& reservations, Health& health,
           base::Metrics& metrics, storage::ReserveFile* reserve);

  // Until the event loop ends. The pool is for moments.
  boost::asio::awaitable<void> watch_for_ever(base::Pool& io);

  // Thread-safe.
  bool is_high() const { return is_high_; }
  // Since it was above `high`, it has not been below `low`.
  bool is_nearly_full() const { return is_nearly_full_; }

 private:
  using Clock = std::chrono::steady_clock;

  void look();
  void announce(const content::Fullness& now);
  void keep_reserve(const content::Fullness& now);

  const config::Capacity& capacity_;
  content::Reservations& reservations_;
  Health& health_;
  storage::ReserveFile* const reserve_;
  std::atomic<bool> is_high_ = false, is_nearly_full_ = false;
  std::uint64_t refused_so_far_ = 0;
  Clock::time_point next_reserve_;
  prometheus::Gauge &limit_, &used_, &free_, &reserved_;
  prometheus::Counter& refused_;
};

}  // namespace registry::app
