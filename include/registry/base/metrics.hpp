#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

namespace registry::base {

// All that the process counts and measures. Each part of the daemon adds families of its own to
// `registry` when it is made, and keeps what it needs of them. Thread-safe.
class Metrics {
 public:
  Metrics();
  prometheus::Registry& registry() { return *registry_; }
  // The one metric of a family without labels. Lives as long as this.
  prometheus::Counter& counter(const char* name, const char* help);
  prometheus::Gauge& gauge(const char* name, const char* help);
  // In Prometheus' text format, with what the kernel says of this process.
  std::string text() const;
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  std::shared_ptr<prometheus::Registry> registry_;
};

}  // namespace registry::base
