#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <stop_token>

#include "collecting.hpp"
#include "health.hpp"
#include "registry/base/metrics.hpp"
#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"
#include "registry/maintenance/usage_record.hpp"
#include "registry/storage/reserve_file.hpp"

namespace registry::app {

// Watches how full the store is and of what, says so, keeps the reserve, and makes room above
// capacity.high.
// All that it is given outlives it. `reserve`: nullptr where there is no volume.
class Watching {
 public:
  Watching(const config::Config& config, content::Content& content, storage::Driver& driver,
           Collecting& collecting, maintenance::UsageRecord& usage, Health& health,
           base::Metrics& metrics, storage::ReserveFile* reserve, std::stop_token stop);

  // Each until the event loop ends. The pools are for moments, and for the collections.
  boost::asio::awaitable<void> watch_for_ever(base::Pool& io);
  boost::asio::awaitable<void> make_room_for_ever(base::Pool& collecting);

 private:
  using Clock = std::chrono::steady_clock;

  void look();
  void announce(const content::Fullness& now);
  void keep_reserve(const content::Fullness& now);
  Clock::time_point first_count() const;
  bool makes_room() const;
  bool has_to_count(Clock::time_point now) const;
  void count();
  void make_room();

  const config::Config& config_;
  content::Content& content_;
  storage::Driver& driver_;
  Collecting& collecting_;
  maintenance::UsageRecord& usage_;
  Health& health_;
  storage::ReserveFile* const reserve_;
  const std::stop_token stop_;
  std::atomic<bool> is_high_ = false;
  bool was_announced_ = false;  // of the one loop
  std::uint64_t refused_so_far_ = 0;
  Clock::time_point next_reserve_;
  std::size_t counted_after_ = 0;             // collections
  Clock::time_point next_count_, next_room_;  // of the other
  prometheus::Gauge &limit_, &used_, &free_, &reserved_;
  prometheus::Counter& refused_;
};

}  // namespace registry::app
