#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string_view>

#include "registry/content/page.hpp"
#include "registry/content/tag_lists.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// The tags of the repositories. Blocking; thread-safe. Whoever changes them holds the lock of the
// repository.
class Tags {
 public:
  // `list_bytes`: what the lists in memory may cost.
  explicit Tags(storage::Driver& driver, std::size_t list_bytes = std::size_t{8} << 20,
                IndexMetrics metrics = {})
      : driver_(driver), lists_(driver, list_bytes, metrics) {}

  std::optional<oci::Digest> resolve(const oci::RepositoryName& name, const oci::Tag& tag);
  // The digest that the tag was pushed with, of the manifest that it points to now: `sha256`, or
  // the same content's sha512.
  oci::Digest pushed_as(const oci::RepositoryName& name, const oci::Tag& tag,
                        const oci::Digest& sha256);
  // Up to `limit` behind `after`, in byte order (spec "Listing Tags"). nullopt: there is no such
  // repository; one that has manifests but no tags has an empty list.
  std::optional<Listed> list(const oci::RepositoryName& name, std::string_view after,
                             std::size_t limit, const EachName& each) {
    return lists_.list(name, after, limit, each);
  }
  std::optional<Page> list(const oci::RepositoryName& name, std::string_view after,
                           std::size_t limit);
  // Durable. `named`: the digest that the client gave to it, or `sha256`.
  void put(const oci::RepositoryName& name, const oci::Tag& tag, const oci::Digest& sha256,
           const oci::Digest& named);
  bool remove(const oci::RepositoryName& name, const oci::Tag& tag);
  // Those that point to the manifest. Reads every tag of the repository, as 2.8 does.
  void remove_all_of(const oci::RepositoryName& name, const oci::Digest& sha256);
  // What the tags point to. The same.
  std::set<oci::Digest> all_digests(const oci::RepositoryName& name);

 private:
  void for_each(const oci::RepositoryName& name, const std::function<void(const oci::Tag&)>& visit);

  storage::Driver& driver_;
  TagLists lists_;
};

}  // namespace registry::content
