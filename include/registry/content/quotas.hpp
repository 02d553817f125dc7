#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "registry/config/config.hpp"
#include "registry/oci/name.hpp"

namespace registry::content {

// What the repositories of each pattern hold together, in bytes of different blobs, and what they
// may. Nearly right: counted now and then (maintenance/quota_counter.hpp), and in between told what
// comes, be it there already or not; until the first count nothing is refused. Thread-safe; costs a
// look at the patterns.
class Quotas {
 public:
  explicit Quotas(const std::vector<config::Quota>& quotas = {});

  // Which quota decides for the repository; nullopt: none.
  std::optional<std::size_t> of(const oci::RepositoryName& name) const;
  std::size_t size() const { return quotas_.size(); }

  // Throws Error(denied), with the figures, where `bytes` more are too much.
  void check(const oci::RepositoryName& name, std::uint64_t bytes);
  void grew(const oci::RepositoryName& name, std::uint64_t bytes);
  void counted(std::size_t quota, std::uint64_t bytes);

 private:
  struct Usage {
    std::atomic<std::uint64_t> bytes = 0;
    std::atomic<bool> is_counted = false;
  };

  const std::vector<config::Quota> quotas_;
  const std::unique_ptr<Usage[]> usage_;  // of each
};

}  // namespace registry::content
