#pragma once

#include <chrono>

#include "registry/base/metrics.hpp"
#include "registry/maintenance/retention.hpp"

namespace registry::maintenance {

// What the retention of this process has done. Thread-safe; made once.
class RetentionMetrics {
 public:
  explicit RetentionMetrics(base::Metrics& metrics)
      : runs_(metrics.counter("registry_retention_runs_total",
                              "Runs of retention that came to their end.")),
        tags_(metrics.counter("registry_retention_removed_tags_total",
                              "Tags that no rule of retention kept.")),
        manifests_(metrics.counter("registry_retention_removed_manifests_total",
                                   "Manifests that retention removed.")),
        completed_(metrics.gauge("registry_retention_last_completed_timestamp_seconds",
                                 "When a run of retention last came to its end.")) {}

  // `retained`: what went, or would have gone in a dry run.
  void completed(const Retained& retained, bool dry_run) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    completed_.Set(std::chrono::duration<double>(now).count());
    runs_.Increment();
    if (dry_run) return;
    tags_.Increment(static_cast<double>(retained.tags));
    manifests_.Increment(static_cast<double>(retained.manifests));
  }

 private:
  prometheus::Counter &runs_, &tags_, &manifests_;
  prometheus::Gauge& completed_;
};

}  // namespace registry::maintenance
