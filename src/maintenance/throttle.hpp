#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace registry::maintenance {

// Says when something may be done so that all of it keeps a rate: at once, and what comes next
// when that is paid for. Time that nothing was done in is not made up for. Used by one thread.
class Throttle {
 public:
  using Clock = std::chrono::steady_clock;

  // 0: whenever one likes.
  explicit Throttle(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}

  Clock::time_point take(std::uint64_t bytes, Clock::time_point now) {
    if (rate_ == 0) return now;
    const auto begin = std::max(paid_at_, now);
    const std::chrono::duration<double> cost(static_cast<double>(bytes) /
                                             static_cast<double>(rate_));
    paid_at_ = begin + std::chrono::duration_cast<Clock::duration>(cost);
    return begin;
  }

 private:
  const std::uint64_t rate_;
  Clock::time_point paid_at_{};
};

// False: `stop` was asked for before that.
inline bool sleep_until(Throttle::Clock::time_point when, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop, when, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace registry::maintenance
