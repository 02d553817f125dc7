#pragma once

#include <chrono>
#include <cstdint>

#include "registry/base/metrics.hpp"

namespace registry::maintenance {

// How far the scrubber is (docs/operations.md, "Metrics"). Thread-safe; by default it counts
// nothing.
class ScrubMetrics {
 public:
  ScrubMetrics() = default;
  explicit ScrubMetrics(base::Metrics& metrics)
      : blobs_(&metrics.counter("registry_scrub_blobs_total", "Blobs that were hashed again.")),
        bytes_(&metrics.counter("registry_scrub_bytes_total", "Bytes that were hashed again.")),
        damaged_(&metrics.counter("registry_scrub_damaged_total",
                                  "Blobs that were not what their digest says.")),
        completed_(&metrics.gauge("registry_scrub_last_completed_timestamp_seconds",
                                  "When a scrub last came to the end of the store.")) {}

  void read(std::uint64_t bytes) {
    if (bytes_ != nullptr) bytes_->Increment(static_cast<double>(bytes));
  }
  void looked_at_blob() {
    if (blobs_ != nullptr) blobs_->Increment();
  }
  void found_damage() {
    if (damaged_ != nullptr) damaged_->Increment();
  }
  void completed(std::chrono::system_clock::time_point now) {
    if (completed_ == nullptr) return;
    completed_->Set(std::chrono::duration<double>(now.time_since_epoch()).count());
  }

 private:
  prometheus::Counter *blobs_ = nullptr, *bytes_ = nullptr, *damaged_ = nullptr;
  prometheus::Gauge* completed_ = nullptr;
};

}  // namespace registry::maintenance
