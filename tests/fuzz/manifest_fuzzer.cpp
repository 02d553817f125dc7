#include "registry/oci/manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "fuzzer.hpp"
#include "registry/oci/error.hpp"

namespace registry::fuzz {
namespace {

using oci::Manifest;
using oci::MediaType;

std::vector<oci::Digest> references_of(const Manifest& manifest) {
  std::vector<oci::Digest> references;
  for (const auto* descriptors : {&manifest.blobs, &manifest.manifests}) {
    for (const auto& descriptor : *descriptors) references.push_back(descriptor.digest);
  }
  return references;
}

std::optional<Manifest> read(std::string_view content, std::optional<MediaType> declared) {
  try {
    return oci::read_manifest(content, declared);
  } catch (const oci::Error& error) {
    require(error.code() == oci::ErrorCode::manifest_invalid, "what is refused is invalid");
    require(nlohmann::json::accept(oci::document(error)), "the refusal can be told as JSON");
    return std::nullopt;
  }
}

// What was accepted is read again for each GET, and by the collector of garbage.
void test_stored(std::string_view content, const Manifest& manifest) {
  const auto stored = oci::read_stored(content);
  require(stored.is_whole, "what was accepted is whole");
  const auto wanted = references_of(manifest);
  require(std::ranges::includes(std::set(stored.references.begin(), stored.references.end()),
                                std::set(wanted.begin(), wanted.end())),
          "what was accepted keeps all that it references");
  require(stored.subject.has_value() == manifest.subject.has_value(), "its subject is seen");
  require(!stored.subject || *stored.subject == manifest.subject->digest, "and is the same");
  require(stored.media_type == oci::to_string(manifest.media_type),
          "what was accepted is served with its media type");
}

void test_accepted(std::string_view content, const Manifest& manifest) {
  require(nlohmann::json::accept(content), "what was accepted is JSON");
  if (oci::is_index(manifest.media_type)) {
    require(manifest.blobs.empty(), "an index has no blobs");
  } else {
    require(!manifest.blobs.empty() && manifest.manifests.empty(), "a manifest has a config");
  }
  for (const auto& descriptor : manifest.blobs) {
    require(descriptor.size_bytes <= INT64_MAX, "a size fits what 2.8 counts with");
  }
  test_stored(content, manifest);
}

}  // namespace

void test(std::string_view input) {
  const auto undeclared = read(input, std::nullopt);
  if (undeclared) test_accepted(input, *undeclared);
  for (const auto type : {MediaType::docker_manifest, MediaType::docker_list,
                          MediaType::oci_manifest, MediaType::oci_index}) {
    const auto manifest = read(input, type);
    if (manifest) {
      require(manifest->media_type == type, "a manifest is of the type that was declared");
      test_accepted(input, *manifest);
    }
    require(!undeclared || undeclared->media_type != type || manifest,
            "what says its type itself may also be declared to be of it");
  }
}

}  // namespace registry::fuzz
