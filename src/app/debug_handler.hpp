#pragma once

#include <string>

#include "health.hpp"
#include "registry/base/metrics.hpp"
#include "registry/http/exchange.hpp"

namespace registry::app {

// What is served on http.debug.addr: /debug/health as in 2.8 and, where it is asked for, the
// metrics. Thread-safe.
class DebugHandler final : public http::Handler {
 public:
  // `metrics_path` empty: none are served.
  DebugHandler(Health& health, base::Metrics& metrics, std::string metrics_path)
      : health_(health), metrics_(metrics), metrics_path_(std::move(metrics_path)) {}

  net::awaitable<void> handle(http::Exchange& exchange) override;
  void completed(const http::Request& request, const http::Outcome& outcome) override;

 private:
  http::Response answer(const http::Request& request);

  Health& health_;
  base::Metrics& metrics_;
  const std::string metrics_path_;
};

}  // namespace registry::app
