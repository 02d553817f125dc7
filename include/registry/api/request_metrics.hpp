#pragma once

#include <array>
#include <atomic>
#include <map>
#include <string_view>
#include <utility>

#include "registry/base/metrics.hpp"
#include "registry/http/exchange.hpp"

namespace registry::api {

// Of the requests to known routes, under 2.8's names (CONTRACT 14). Thread-safe; outlives the
// server.
class RequestMetrics {
 public:
  explicit RequestMetrics(base::Metrics& metrics);

  // `route` has a static life, and is the label `handler`.
  void begin(std::string_view route);
  // Of what was read lately, by requests that might be answered from there.
  void looked_into_cache(bool hit);
  void completed(const http::Request& request, const http::Outcome& outcome);

 private:
  struct Route {
    prometheus::Gauge* in_flight;
    prometheus::Histogram *request_bytes, *response_bytes;
  };
  // Of a route and a method, found without a lock once they were seen.
  struct Series {
    prometheus::Histogram* seconds;
    std::array<std::atomic<prometheus::Counter*>, 600> by_status;
  };

  prometheus::Counter& counter_of(Series& series, std::string_view route, std::string_view method,
                                  unsigned status);

  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Counter *cache_requests_, *cache_hits_, *cache_misses_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  std::map<std::string_view, Route> routes_;
  std::map<std::pair<std::string_view, std::string_view>, Series> series_;
};

}  // namespace registry::api
