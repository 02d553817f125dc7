#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// Names in order, and whether more follow them.
struct Page {
  std::vector<std::string> names;
  bool more = false;
};

// The tags of the repositories. Blocking; thread-safe. Whoever changes them holds the lock of the
// repository.
class Tags {
 public:
  explicit Tags(storage::Driver& driver) : driver_(driver) {}

  std::optional<oci::Digest> resolve(const oci::RepositoryName& name, const oci::Tag& tag);
  // Up to `limit` behind `after`, in byte order (spec "Listing Tags"). nullopt: there is no such
  // repository; one that has manifests but no tags has an empty list.
  std::optional<Page> list(const oci::RepositoryName& name, std::string_view after,
                           std::size_t limit);
  // Durable.
  void put(const oci::RepositoryName& name, const oci::Tag& tag, const oci::Digest& sha256);
  bool remove(const oci::RepositoryName& name, const oci::Tag& tag);
  // Those that point to the manifest. Reads every tag of the repository, as 2.8 does.
  void remove_all_of(const oci::RepositoryName& name, const oci::Digest& sha256);

 private:
  storage::Driver& driver_;
};

}  // namespace registry::content
