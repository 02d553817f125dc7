#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

namespace registry::content {

// How many bytes the blobs and uploads of the store have, once somebody has counted them; from then
// on whoever adds or removes some says so. Nearly right: what changes while it is counted may count
// twice, and manifests are seen by the next count alone. Thread-safe; costs nothing.
class StoreSize {
 public:
  void grew(std::uint64_t bytes) { changes_ += static_cast<std::int64_t>(bytes); }
  void shrank(std::uint64_t bytes) { changes_ -= static_cast<std::int64_t>(bytes); }

  // Before a count, and after it with what this has returned.
  std::int64_t begin_count() const { return changes_; }
  void end_count(std::int64_t begun, std::uint64_t bytes) {
    counted_ = static_cast<std::int64_t>(bytes) - begun;
    is_counted_ = true;
  }

  bool is_counted() const { return is_counted_; }
  // nullopt: nobody has counted them yet.
  std::optional<std::uint64_t> bytes() const {
    if (!is_counted_) return std::nullopt;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(counted_ + changes_, 0));
  }

 private:
  std::atomic<std::int64_t> changes_ = 0, counted_ = 0;
  std::atomic<bool> is_counted_ = false;
};

}  // namespace registry::content
