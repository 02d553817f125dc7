#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "registry/base/metrics.hpp"
#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"
#include "registry/maintenance/garbage_collector.hpp"

namespace registry::app {

// The daemon's collections, beside its traffic: at each interval, a grace period after something
// was deleted, and whenever somebody asks; one at a time. What is deleted is collected by the
// reference counts where they are known; at each interval the whole store is marked. All that it is
// given outlives it. Thread-safe.
class Collecting {
 public:
  Collecting(const config::Garbagecollection& options, content::Content& content,
             storage::Driver& driver, base::Metrics& metrics, std::stop_token stop);

  // Now, or when the one under way has ended; with `mingrace` instead of `grace`. `say` must not
  // block. Throws what the store throws. Blocking.
  maintenance::Collected collect_by_hand(maintenance::CollectOptions options,
                                         const std::function<void(const std::string& line)>& say);
  // The same, by itself, where there is little room; what it takes or cannot is logged. nullopt: it
  // failed. Blocking.
  std::optional<maintenance::Collected> collect_under_pressure();
  // How many have come to their end.
  std::size_t runs() const { return runs_so_far_; }
  std::chrono::seconds mingrace() const { return options_.mingrace; }
  // Until the event loop ends.
  boost::asio::awaitable<void> collect_for_ever(base::Pool& pool);

 private:
  using Clock = content::Pins::Clock;
  using Say = std::function<void(const std::string& line)>;

  maintenance::Collected collect(maintenance::CollectOptions options, const Say& say);
  void count(const maintenance::Collected& collected);
  void tell(const maintenance::Collected& collected, Clock::time_point begin) const;
  void collect_by_itself();
  std::optional<maintenance::Collected> mark_and_tell(std::chrono::seconds grace);
  bool collect_let_go();
  bool has_to_mark(Clock::time_point now) const;
  bool has_let_go(Clock::time_point now) const;

  const config::Garbagecollection& options_;
  content::Content& content_;
  storage::Driver& driver_;
  const std::stop_token stop_;
  std::mutex one_at_a_time_;
  std::atomic<std::size_t> runs_so_far_ = 0;
  // The next mark; and when what the last one left will have been left for long enough. Of the
  // loop.
  Clock::time_point next_, left_until_ = Clock::time_point::max();
  prometheus::Counter &runs_, &blobs_, &bytes_, &miscounted_;
  prometheus::Gauge &completed_, &damaged_;
};

}  // namespace registry::app
