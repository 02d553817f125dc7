#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <cstddef>

#include "registry/base/budget.hpp"
#include "registry/oci/error.hpp"

namespace registry::api {

// For requests that read much of the store: one at a time, and few that wait for it, as each of
// them keeps its connection. Thread-safe.
class Turns {
 public:
  // Throws Error(unavailable) where too many wait.
  boost::asio::awaitable<base::ByteBudget::Reservation> acquire() {
    const Waiting waiting(waiting_);
    if (waiting.before >= kMostWaiting) {
      throw oci::Error(oci::ErrorCode::unavailable,
                       "too many ask for the same at this moment: try again later");
    }
    auto turn = co_await turn_.acquire(1);
    co_return turn;
  }

 private:
  static constexpr std::size_t kMostWaiting = 8;

  struct Waiting {
    explicit Waiting(std::atomic<std::size_t>& all) : count(all), before(all++) {}
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { --count; }
    std::atomic<std::size_t>& count;
    const std::size_t before;
  };

  base::ByteBudget turn_{1};
  std::atomic<std::size_t> waiting_ = 0;
};

}  // namespace registry::api
