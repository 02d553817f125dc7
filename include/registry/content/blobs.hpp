#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "registry/content/pins.hpp"
#include "registry/content/recent.hpp"
#include "registry/content/repository_locks.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

struct BlobInfo {
  oci::Digest sha256;  // that it is stored under, whatever digest it was asked for by
  std::uint64_t size_bytes;
};

// The blobs of the repositories. A blob is there when the repository has a link to it and its data
// is stored. Blocking; thread-safe.
class Blobs {
 public:
  Blobs(storage::Driver& driver, Pins& pins, RepositoryLocks& locks, Recent& recent);

  // What was read lately; nullptr: it has to be opened. A promise, as `stat`. Does not block.
  std::shared_ptr<const RecentBlob> recent(const oci::RepositoryName& name,
                                           const oci::Digest& digest);
  // Where the blob is there: its size, and its content where that is small. nullptr: absent.
  std::shared_ptr<const RecentBlob> fetch(const oci::RepositoryName& name,
                                          const oci::Digest& digest);
  // A promise: what is found stays for the grace period.
  std::optional<BlobInfo> stat(const oci::RepositoryName& name, const oci::Digest& digest);
  // nullptr: absent.
  std::unique_ptr<storage::BlobReader> open(const oci::RepositoryName& name,
                                            const oci::Digest& digest);
  // Makes a blob of `from` one of `to` as well. nullopt: `from` has none. Durable.
  std::optional<BlobInfo> mount(const oci::RepositoryName& from, const oci::RepositoryName& to,
                                const oci::Digest& digest);
  // The same of whatever repository has it, or had it until a collection takes its data away. By
  // sha256 alone: of a sha512 only a repository knows what it stands for.
  std::optional<BlobInfo> mount_any(const oci::RepositoryName& to, const oci::Digest& sha256);
  // Takes the link away; the data stays for the other repositories. False: absent. Durable.
  bool remove(const oci::RepositoryName& name, const oci::Digest& digest);

 private:
  std::optional<Pin> pin_linked(const oci::RepositoryName& name, const oci::Digest& digest);
  std::optional<BlobInfo> link(const oci::RepositoryName& to, const oci::Digest& sha256,
                               const oci::Digest& named);

  storage::Driver& driver_;
  Pins& pins_;
  RepositoryLocks& locks_;
  Recent& recent_;
};

}  // namespace registry::content
