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
  // The digest that the tag was pushed with, of the manifest that it points to now: `sha256`, or
  // the same content's sha512.
  oci::Digest pushed_as(const oci::RepositoryName& name, const oci::Tag& tag,
                        const oci::Digest& sha256);
  // Up to `limit` behind `after`, in byte order (spec "Listing Tags"). nullopt: there is no such
  // repository; one that has manifests but no tags has an empty list.
  std::optional<Page> list(const oci::RepositoryName& name, std::string_view after,
                           std::size_t limit);
  // Durable. `named`: the digest that the client gave to it, or `sha256`.
  void put(const oci::RepositoryName& name, const oci::Tag& tag, const oci::Digest& sha256,
           const oci::Digest& named);
  bool remove(const oci::RepositoryName& name, const oci::Tag& tag);
  // Those that point to the manifest. Reads every tag of the repository, as 2.8 does.
  void remove_all_of(const oci::RepositoryName& name, const oci::Digest& sha256);

 private:
  bool points_somewhere(const oci::RepositoryName& name, const oci::Tag& tag);

  storage::Driver& driver_;
};

}  // namespace registry::content
