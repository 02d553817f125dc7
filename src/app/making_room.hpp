#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <stop_token>

#include "collecting.hpp"
#include "registry/base/metrics.hpp"
#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"
#include "registry/maintenance/eviction.hpp"
#include "watching.hpp"

namespace registry::app {

// Makes room above capacity.high: collects what nothing needs, purges uploads that hang, and with
// capacity.evict takes tags. Counts the store and what the quotas hold. All that it is given
// outlives it.
class MakingRoom {
 public:
  MakingRoom(const config::Config& config, content::Content& content, storage::Driver& driver,
             Collecting& collecting, const Watching& watching, base::Metrics& metrics,
             std::stop_token stop);

  // Until the event loop ends. The pool is that of the collections, one at a time.
  boost::asio::awaitable<void> make_room_for_ever(base::Pool& collecting);

 private:
  using Clock = content::Pins::Clock;

  bool has_to_count(Clock::time_point now) const;
  void count();
  bool is_due(Clock::time_point now);
  void make_room();
  bool evict();
  void tell(const maintenance::Evicted& evicted);

  const config::Config& config_;
  content::Content& content_;
  storage::Driver& driver_;
  Collecting& collecting_;
  const Watching& watching_;
  const std::stop_token stop_;
  const bool makes_room_;
  std::size_t counted_after_ = 0;  // collections
  Clock::time_point next_count_;
  Clock::time_point begun_, ended_;  // the last time that room was made
  Clock::duration pause_;            // until the next
  bool was_in_vain_ = false;
  prometheus::Counter& evicted_;
};

}  // namespace registry::app
