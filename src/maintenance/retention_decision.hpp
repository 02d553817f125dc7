#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "packed_digest.hpp"
#include "registry/base/clock.hpp"
#include "registry/config/config.hpp"
#include "registry/oci/digest.hpp"

// What retention takes from one repository. No I/O.
namespace registry::maintenance {

struct SeenTag {
  std::string name;
  oci::Digest sha256;
  base::WallTime pushed;
};

struct SeenManifest {
  base::WallTime pushed;
  std::optional<base::WallTime> pulled;
  std::optional<base::WallTime> untagged;  // when it last lost a tag
  bool untagged_by_rule = false;           // to retention
  bool is_damaged = false;                 // nobody knows what it needs
  bool is_build_cache = false;
  std::optional<oci::Digest> subject;
  std::vector<oci::Digest> children;  // all by sha256
  // Blobs and manifests, where they were asked for: all that is stored for it but itself.
  std::vector<PackedDigest<32>> needs;
  // Of build cache: what it takes, itself included.
  std::vector<std::pair<oci::Digest, std::uint64_t>> blobs;
};

struct SeenRepository {
  std::vector<SeenTag> tags;
  std::map<oci::Digest, SeenManifest> manifests;  // by their sha256
};

// Nothing goes before what it belongs to has gone: somebody may come to rely on that meanwhile.
struct TagGoing {
  SeenTag tag;
  std::string why;
  std::optional<oci::Digest> after = std::nullopt;
};
struct ManifestGoing {
  oci::Digest sha256;
  std::string why;
  std::vector<oci::Digest> after;
};
struct Decision {
  std::vector<TagGoing> tags;  // as they were seen
  std::vector<ManifestGoing> manifests;
};

// The first that matches; nullptr: none does.
const config::Retention::Rule* rule_for(const std::vector<config::Retention::Rule>& rules,
                                        std::string_view repository);

// The manifest that a tag belongs to by its name: "sha256-<64 hex>", also with .sig, .att or .sbom.
std::optional<oci::Digest> subject_of_tag(std::string_view tag);

// Of an image for several platforms, whatever part of it was pulled. nullopt: nobody knows of any.
std::optional<base::WallTime> last_pull(const SeenRepository& repository,
                                        const oci::Digest& sha256);

// What stays: tags by any of the keeps; build cache by its own limits; manifests without a tag
// until their time has come; what these need and what refers to them. What belongs to a manifest
// goes with it. Promises to clients are for who carries this out: what is promised stays, and so
// does what goes after it.
Decision decide(const SeenRepository& repository, const config::Retention::Rule& rule,
                base::WallTime now);

}  // namespace registry::maintenance
