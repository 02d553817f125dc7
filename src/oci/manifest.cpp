#include "registry/oci/manifest.hpp"

#include <algorithm>
#include <iterator>

#include "manifest_reader.hpp"
#include "parse.hpp"
#include "registry/oci/error.hpp"

namespace registry::oci {
namespace {

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorCode::manifest_invalid, reason);
}

// The Content-Type, which `mediaType` must repeat where it is there; Docker's types require it.
MediaType type_of(const ManifestReader& read, std::optional<MediaType> declared) {
  const auto& embedded = read.media_type_value;
  if (!declared) {
    declared = parse_media_type(embedded);
    if (!declared) refuse("no Content-Type was sent and mediaType names none that is accepted");
  }
  const bool is_docker =
      *declared == MediaType::docker_manifest || *declared == MediaType::docker_list;
  if (embedded.empty() && !is_docker) return *declared;
  if (embedded != to_string(*declared)) {
    refuse("mediaType is \"" + embedded.substr(0, 200) + "\" but the Content-Type is \"" +
           std::string(to_string(*declared)) + "\"");
  }
  return *declared;
}

// A document that is both would be read differently by different clients.
void refuse_confusion(const ManifestReader& read, MediaType type) {
  if (is_index(type) && (read.has(ManifestReader::config) || read.has(ManifestReader::layers))) {
    refuse("an index must not have config or layers");
  }
  if (!is_index(type) && read.has(ManifestReader::manifests)) {
    refuse("a manifest must not have manifests; an index has another media type");
  }
}

}  // namespace

Manifest read_manifest(std::string_view content, std::optional<MediaType> declared) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // which Go does not skip
  if (content.starts_with(kByteOrderMark)) refuse("is not JSON: it begins with a byte order mark");
  // Which the parser takes for the end, whatever follows.
  if (content.find('\0') != std::string_view::npos) refuse("is not JSON: it holds a zero byte");
  ManifestReader read;
  if (!parse_in_turn(content, read)) refuse(read.reason);
  if (read.schema_version_value != 2) refuse("schemaVersion must be 2");
  const auto type = type_of(read, declared);
  refuse_confusion(read, type);
  if (!is_index(type) && read.config_value.empty()) refuse("config is missing");

  Manifest manifest;
  manifest.media_type = type;
  manifest.blobs = std::move(read.config_value);
  manifest.manifests = std::move(read.manifests_value);
  manifest.config_media_type = std::move(read.config_media_type_value);
  std::ranges::move(read.layers_value, std::back_inserter(manifest.blobs));
  if (!read.subject_value.empty()) manifest.subject = read.subject_value.front();
  return manifest;
}

}  // namespace registry::oci
