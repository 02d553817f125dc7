#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "registry/api/collections.hpp"
#include "registry/maintenance/garbage_collector.hpp"

namespace registry::app {

// What the collection under way does, and what the last one did. Thread-safe.
class CollectionLog {
 public:
  // One at a time; `progress` of the options is where to count from now on.
  void begin(maintenance::CollectOptions& options);
  void end(const maintenance::Collected& collected);
  void fail(const std::string& why);
  // Of both; of what is asked for it knows nothing.
  api::CollectionState state() const;

 private:
  void finish(api::Collection collection);
  api::Collection under_way() const;

  mutable std::mutex mutex_;
  std::size_t number_ = 0;
  api::Collection begun_;
  std::unique_ptr<maintenance::CollectProgress> progress_;  // nullptr: none is under way
  std::optional<api::Collection> last_;
};

}  // namespace registry::app
