#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/oci/digest.hpp"

namespace registry::oci {

// Inclusive, as in 2.8 (CONTRACT 4); the specification asks for 4 MB at least.
inline constexpr std::size_t kMaxManifestBytes = 4 * 1024 * 1024;

// The four that are accepted.
enum class MediaType { docker_manifest, docker_list, oci_manifest, oci_index };

std::string_view to_string(MediaType type);
std::optional<MediaType> parse_media_type(std::string_view text);
bool is_index(MediaType type);

struct Descriptor {
  Digest digest;
  std::uint64_t size_bytes = 0;
  // Where the content can be fetched ("foreign layers"): then it need not be in the repository.
  std::vector<std::string> urls;
  std::string platform;  // of an index's child: "os/architecture", as far as it says so
};

struct Manifest {
  MediaType media_type = MediaType::oci_manifest;
  std::vector<Descriptor> blobs;      // of a manifest: the config first, then the layers
  std::vector<Descriptor> manifests;  // of an index: its children
  std::optional<Descriptor> subject;
  std::string config_media_type;
};

// Reads a manifest that a client pushes, without a tree of its JSON in memory: a hostile one costs
// about twice its bytes. `declared`: the Content-Type; nullopt where the client sent none, and the
// content has to say it. Throws Error(manifest_invalid) with the field at fault.
//
// Stricter than JSON asks, as 2.8 must be able to read what was accepted and to see the same in it:
// Go matches field names whatever their case and takes the last of two, so a known name in another
// case and a known name given twice are refused; so are numbers that do not fit Go's int64, and
// values of other types than Go's.
Manifest read_manifest(std::string_view content, std::optional<MediaType> declared);

// The media type to serve stored content with: the one it names, or what its shape says. Never
// fails: what is stored was accepted once, by us or by 2.8.
std::string stored_media_type(std::string_view content);

// What stored content says of itself, read leniently: known names in any case, as Go reads them,
// and whatever cannot be understood is passed over.
struct StoredDocument {
  bool is_whole = false;  // JSON to its end; where it is not, it may reference what cannot be known
  std::string media_type;
  std::string artifact_type;  // or, of a manifest that has none, the media type of its config
  std::vector<std::pair<std::string, std::string>> annotations;
  std::optional<Digest> subject;
  bool is_build_cache = false;  // BuildKit's: its config is among what it references
  std::vector<Digest>
      references;  // the config, the layers, the children of an index; in this order
};
StoredDocument read_stored(std::string_view content);

}  // namespace registry::oci
