#pragma once

#include "registry/base/metrics.hpp"

namespace registry::content {

// What one kind of index in memory costs (docs/architecture.md, "Lists"). Thread-safe; by default
// it counts nothing.
class IndexMetrics {
 public:
  IndexMetrics() = default;
  // `index`: the label.
  IndexMetrics(base::Metrics& metrics, const char* index)
      : bytes_(&prometheus::BuildGauge()
                    .Name("registry_index_bytes")
                    .Help("Memory of the indexes that answer lists.")
                    .Register(metrics.registry())
                    .Add({{"index", index}})),
        builds_(&prometheus::BuildCounter()
                     .Name("registry_index_builds_total")
                     .Help("How often an index was read from the store.")
                     .Register(metrics.registry())
                     .Add({{"index", index}})) {}

  void built() {
    if (builds_ != nullptr) builds_->Increment();
  }
  void set_bytes(std::size_t bytes) {
    if (bytes_ != nullptr) bytes_->Set(static_cast<double>(bytes));
  }

 private:
  prometheus::Gauge* bytes_ = nullptr;
  prometheus::Counter* builds_ = nullptr;
};

}  // namespace registry::content
