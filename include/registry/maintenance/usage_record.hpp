#pragma once

#include <memory>
#include <mutex>
#include <stop_token>

#include "registry/base/metrics.hpp"
#include "registry/content/content.hpp"
#include "registry/maintenance/usage.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

// The last count of where the space went: in memory, in metrics, and in paths::kUsage for whoever
// looks at the volume. Costs about 150 bytes for each repository, of Usage::kMostRepositories at
// most. All that it is given outlives it. Thread-safe.
class UsageRecord {
 public:
  static constexpr std::size_t kMostInFile = 1000;  // repositories

  UsageRecord(content::Content& content, storage::Driver& driver, base::Metrics& metrics);

  // Counts anew. What fails is logged, and the last count stays. One at a time; blocking.
  void take(const std::stop_token& stop);
  // nullptr: nothing is counted yet. Never waits.
  std::shared_ptr<const Usage> latest() const;

 private:
  void show(const Usage& usage);
  void write(const Usage& usage);

  content::Content& content_;
  storage::Driver& driver_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Usage> latest_;
  prometheus::Gauge &bytes_, &blobs_, &reclaimable_;
  prometheus::Gauge &repositories_, &tags_, &manifests_;
  prometheus::Gauge &uploads_, &upload_bytes_, &damaged_, &taken_;
};

}  // namespace registry::maintenance
