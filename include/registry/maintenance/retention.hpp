#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "registry/base/clock.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

// A tag, or where there is none the manifest itself, that goes or would go.
struct Removal {
  oci::RepositoryName repository;
  std::optional<oci::Tag> tag;
  oci::Digest sha256;
  std::string why;
};

struct RetentionRun {
  bool dry_run = false;
  bool quiet = false;  // logs none of what would go
  bool alone = false;  // nobody serves the store: there are no promises to keep
  base::WallTime now = std::chrono::system_clock::now();
  std::stop_token stop = {};  // ends the run early
};

struct Retained {
  std::size_t tags = 0, manifests = 0;  // that went, or would go
  std::size_t unreadable = 0;           // repositories of which nothing was removed
};

// Goes through the repositories and removes what the rules do not keep, each under the lock of its
// repository, and only where it is still as it was seen. Tells `each` of what went, or would go;
// blobs are left to the collector. A repository that cannot be read whole is logged and left.
// Blocking; `content` is of this `driver`.
Retained apply_retention(content::Content& content, storage::Driver& driver,
                         const config::Retention& rules, const RetentionRun& run,
                         const std::function<void(const Removal&)>& each);

// The bytes of blobs and manifests that no manifest of the store would need without `removals`.
// nullopt: a part of the store cannot be read, and might need any, or `stop` asked for an early
// end. Reads every manifest of the store. Blocking.
std::optional<std::uint64_t> freed_bytes(storage::Driver& driver,
                                         const std::vector<Removal>& removals,
                                         const std::stop_token& stop = {});

}  // namespace registry::maintenance
