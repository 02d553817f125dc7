#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/base/clock.hpp"
#include "registry/content/content.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

// What a tag leads to, or a manifest that none leads to: itself, the children of an index, and all
// that these need.
struct ImageUsage {
  std::optional<std::string> tag;
  oci::Digest digest;      // that the tag was pushed with
  std::string media_type;  // empty: it cannot be read
  std::optional<base::WallTime> pushed, pulled;
  std::optional<std::uint64_t> bytes;   // nullopt: it names more than any image does
  std::optional<std::uint64_t> unique;  // that nothing else in the store needs; nullopt: not known
  // What a collection of untagged manifests would free in the whole store if the tag were deleted:
  // of the manifests that only it leads to, and of what refers to them. The same of an untagged one
  // as it is. nullopt: not known.
  std::optional<std::uint64_t> frees;
};

struct ImagesPage {
  std::vector<ImageUsage> images;
  std::string last;
  bool more = false;
};

// Up to `limit` tags of a repository behind `after`, in the order of bytes; fewer where they lead
// to very much. Costs a look at each tag of the repository and 32 bytes for it, a read of each of
// these manifests, and about 300 bytes for each blob that one of the images needs, of some ten
// thousand at most. `driver` is that of the content. nullopt: there is no such repository.
// Blocking.
std::optional<ImagesPage> tagged_images(content::Content& content, storage::Driver& driver,
                                        const oci::RepositoryName& name, std::string_view after,
                                        std::size_t limit);
// The same of manifests to which neither a tag leads nor another manifest, by their digests. Throws
// Error(unavailable) where the reference counts are not known.
std::optional<ImagesPage> untagged_images(content::Content& content, storage::Driver& driver,
                                          const oci::RepositoryName& name, std::string_view after,
                                          std::size_t limit);

}  // namespace registry::maintenance
