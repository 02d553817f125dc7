#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "links.hpp"
#include "registry/oci/digest.hpp"

namespace registry::maintenance {

// Removes blobs, each once nobody relies on it. What cannot be removed is logged.
class BlobSweeper {
 public:
  BlobSweeper(const Tools& tools, bool dry_run) : tools_(tools), dry_run_(dry_run) {}

  // Returns those that have to stay for now. `is_needed` is asked of each while nobody can come to
  // need it.
  std::vector<oci::Digest> remove(std::span<const oci::Digest> blobs,
                                  const std::function<bool(const oci::Digest&)>& is_needed = {});
  // That went, or would go.
  std::size_t blobs() const { return blobs_; }
  std::uint64_t bytes() const { return bytes_; }
  std::size_t failed() const { return failed_; }

 private:
  const Tools& tools_;
  const bool dry_run_;
  std::atomic<std::size_t> blobs_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace registry::maintenance
