#include "retention_reader.hpp"

#include <system_error>

#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {

namespace paths = storage::paths;
using oci::Algorithm;
using oci::Digest;

std::optional<SeenRepository> RetentionReader::read(const oci::RepositoryName& name) {
  SeenRepository seen;
  try {
    // The tags first: a manifest that is pushed meanwhile is promised.
    if (read_tags(name, seen) && read_manifests(name, seen)) return seen;
  } catch (const std::system_error& error) {
    base::log::warn("a repository cannot be read", {{"err", error.what()}});
  }
  base::log::warn("a repository that cannot be read whole is left as it is",
                  {{"repository", name.str()}});
  return std::nullopt;
}

bool RetentionReader::read_tags(const oci::RepositoryName& name, SeenRepository& seen) {
  bool is_whole = true;
  const auto read_tag = [&](const std::string& text) {
    const auto tag = oci::Tag::parse(text);
    if (!tag) return;
    const auto path = paths::tag_current(name, *tag);
    const auto link = look_at_link(driver_, path);
    const auto status = link.digest ? driver_.stat(path) : std::nullopt;
    if (link.state == Link::State::damaged) is_whole = false;
    if (status) seen.tags.push_back({text, *link.digest, status->modified});
  };
  return for_each_directory(driver_, paths::tags(name), read_tag) && is_whole;
}

bool RetentionReader::read_manifests(const oci::RepositoryName& name, SeenRepository& seen) {
  bool is_whole = true;
  const auto read_one = [&](const Digest& sha256) {
    if (!read_manifest(name, sha256, seen)) is_whole = false;
  };
  const auto directory = paths::revisions(name) + "/sha256";
  return for_each_digest(driver_, directory, Algorithm::sha256, read_one) && is_whole;
}

bool RetentionReader::read_manifest(const oci::RepositoryName& name, const Digest& sha256,
                                    SeenRepository& seen) {
  const auto path = paths::revision_link(name, sha256);
  const auto link = look_at_link(driver_, path);
  if (link.state == Link::State::damaged) return false;
  const auto status = driver_.stat(path);
  if (!link.digest || !status) return true;  // it was deleted
  auto manifest = read_content(name, sha256);
  // As exact as the record of uses, which it is compared with.
  manifest.pushed = std::chrono::floor<std::chrono::seconds>(status->modified);
  auto use = content_.uses.find(name, sha256, manifest.pushed);
  manifest.pulled = use.pulled;
  manifest.untagged = use.untagged;
  manifest.untagged_by_rule = use.untagged_by_rule;
  seen.manifests.emplace(sha256, std::move(manifest));
  return true;
}

// All that it names is taken for a child, but for the blobs of what is surely no index: what is no
// manifest of the repository means nothing to the decision.
SeenManifest RetentionReader::read_content(const oci::RepositoryName& name, const Digest& sha256) {
  SeenManifest manifest;
  std::optional<std::string> content;
  try {
    content = driver_.get(paths::blob(sha256), oci::kMaxManifestBytes);
  } catch (const std::system_error& error) {
    base::log::warn_once("a manifest cannot be read: nothing goes that it may need",
                         {{"err", error.what()}});
  }
  const auto document = content ? oci::read_stored(*content) : oci::StoredDocument();
  manifest.is_damaged = !document.is_whole;
  manifest.is_build_cache = document.is_build_cache;
  if (document.subject) manifest.subject = stored_as(name, *document.subject);
  const auto type = oci::parse_media_type(document.media_type);
  if (!type || oci::is_index(*type)) {
    for (const auto& reference : document.references) {
      if (const auto child = stored_as(name, reference)) manifest.children.push_back(*child);
    }
  }
  if (manifest.is_build_cache) add_sizes(sha256, document.references, manifest);
  if (with_needs_) add_needs(name, document.references, manifest);
  return manifest;
}

// What is named by its sha512 is stored under its sha256. nullopt: no manifest has that name.
std::optional<Digest> RetentionReader::stored_as(const oci::RepositoryName& name,
                                                 const Digest& digest) {
  if (digest.algorithm() == Algorithm::sha256) return digest;
  const auto link = look_at_link(driver_, paths::manifest_alias(name, digest));
  if (link.state != Link::State::damaged) return link.digest;
  throw std::system_error(std::make_error_code(std::errc::io_error), "a damaged alias");
}

void RetentionReader::add_needs(const oci::RepositoryName& name,
                                const std::vector<Digest>& references, SeenManifest& manifest) {
  manifest.needs.reserve(references.size());
  for (const auto& reference : references) {
    auto stored = stored_as(name, reference);
    if (!stored) stored = look_at_link(driver_, paths::layer_link(name, reference)).digest;
    if (stored) manifest.needs.push_back(*pack<32>(stored->hex()));
  }
}

void RetentionReader::add_sizes(const Digest& sha256, const std::vector<Digest>& references,
                                SeenManifest& manifest) {
  const auto add = [&](const Digest& digest) {
    if (digest.algorithm() != Algorithm::sha256) return;
    if (const auto status = driver_.stat(paths::blob(digest))) {
      manifest.blobs.emplace_back(digest, status->size_bytes);
    }
  };
  add(sha256);
  for (const auto& reference : references) add(reference);
}

}  // namespace registry::maintenance
