#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/base/fd.hpp"
#include "registry/http/exchange.hpp"

namespace registry::http {

// What `completed` was told.
struct Completed {
  std::string method, raw_target;
  Outcome outcome;
};

// Answers a few paths, each in its own way; see the table in the source. Thread-safe.
class TestHandler final : public Handler {
 public:
  net::awaitable<void> handle(Exchange& exchange) override;
  void completed(const Request& request, const Outcome& outcome) override;

  // What /file sends. Before the first request for it.
  void set_file(std::string_view content);
  // Lets go of the requests that wait in /held and its like, now and later.
  void release() { released_ = true; }

  // How many requests were handed to it.
  int begun() const { return begun_; }
  // These wait at most a while. False or nullopt: in vain.
  bool wait_until_begun(int count) const;
  // The `nth` of all that were completed, from 1 on.
  std::optional<Completed> wait_for_completed(std::size_t nth);

 private:
  net::awaitable<void> echo(Exchange& exchange);
  net::awaitable<void> length(Exchange& exchange);
  net::awaitable<void> count(Exchange& exchange);
  net::awaitable<void> ignore(Exchange& exchange);
  net::awaitable<void> receive(Exchange& exchange);
  net::awaitable<void> describe(Exchange& exchange);
  net::awaitable<void> status(Exchange& exchange);
  net::awaitable<void> hostile_value(Exchange& exchange);
  net::awaitable<void> file(Exchange& exchange);
  net::awaitable<void> stream(Exchange& exchange);
  net::awaitable<void> held(Exchange& exchange);
  net::awaitable<void> held_echo(Exchange& exchange);
  net::awaitable<void> held_receive(Exchange& exchange);
  net::awaitable<void> held_failure(Exchange& exchange);
  net::awaitable<void> failure(Exchange& exchange);
  net::awaitable<void> late_failure(Exchange& exchange);
  net::awaitable<void> too_little(Exchange& exchange);
  net::awaitable<void> lost(Exchange& exchange);
  net::awaitable<void> nothing(Exchange& exchange);
  net::awaitable<void> wait_until_released();

  struct Route;
  static const Route kRoutes[];

  base::Pool receiving_{"receiving", 4};
  base::ByteBudget memory_{std::size_t{16} << 20};
  base::Fd file_;
  std::atomic<bool> released_ = false;
  std::atomic<int> begun_ = 0;
  std::mutex mutex_;
  std::condition_variable completed_more_;
  std::vector<Completed> completed_;
};

}  // namespace registry::http
