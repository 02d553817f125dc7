#include "repository_marker.hpp"

#include <system_error>

#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {

namespace paths = storage::paths;
using oci::Algorithm;

void RepositoryMarker::mark(bool delete_untagged, DigestSet& marked) {
  read_revisions();
  choose(delete_untagged);
  for (const auto& [sha256, manifest] : manifests_) {
    if (keeps(sha256)) mark_one(sha256, manifest, marked);
  }
  if (needs_every_layer_) mark_every_layer(marked);
}

// One whose link is damaged counts as well: the folder still says what it is of.
void RepositoryMarker::read_revisions() {
  const auto directory = paths::revisions(name_) + "/sha256";
  const bool readable =
      for_each_digest(driver_, directory, Algorithm::sha256, [&](const oci::Digest& sha256) {
        const auto link = look_at_link(driver_, paths::revision_link(name_, sha256));
        if (link.state == Link::State::absent) return;
        if (link.state == Link::State::damaged) ++damaged_;
        manifests_.emplace(sha256, read_manifest(sha256));
      });
  if (readable) return;
  ++damaged_;
  is_unknown_ = true;
}

RepositoryMarker::Manifest RepositoryMarker::read_manifest(const oci::Digest& sha256) {
  std::string why = "it has no content";
  try {
    const auto content = driver_.get(paths::blob(sha256), oci::kMaxManifestBytes);
    if (content) {
      auto document = oci::read_stored(*content);
      if (document.is_whole) {
        return {false, std::move(document.references), std::move(document.subject)};
      }
      why = "its content is no JSON document";
    }
  } catch (const std::system_error& error) {
    why = error.what();
  }
  ++damaged_;
  base::log::warn(
      "a manifest cannot be read: every blob of its repository stays, until it is deleted or "
      "pushed "
      "again",
      {{"repository", name_.str()}, {"digest", sha256.str()}, {"err", why}});
  return {true, {}, std::nullopt};
}

// `is_known` false: a tag cannot be read, and might lead to any of the manifests.
std::set<oci::Digest> RepositoryMarker::tagged(bool& is_known) {
  std::set<oci::Digest> digests;
  is_known = for_each_directory(driver_, paths::tags(name_),
                                [&](const std::string& text) {
                                  const auto tag = oci::Tag::parse(text);
                                  if (!tag) return;
                                  const auto link =
                                      look_at_link(driver_, paths::tag_current(name_, *tag));
                                  if (link.state == Link::State::damaged) ++damaged_;
                                  if (link.digest) digests.insert(*link.digest);
                                }) &&
             is_known;
  return digests;
}

void RepositoryMarker::choose(bool delete_untagged) {
  const auto damaged_before = damaged_;
  bool is_known = true;
  const auto roots = delete_untagged ? tagged(is_known) : std::set<oci::Digest>();
  const bool keep_all = !delete_untagged || !is_known || damaged_ != damaged_before;
  for (const auto& [sha256, manifest] : manifests_) {
    if (keep_all || roots.contains(sha256)) kept_.insert(sha256);
  }
  while (keep_what_is_led_to()) {
  }
  for (const auto& [sha256, manifest] : manifests_) {
    if (keeps(sha256)) continue;
    doomed_.push_back(sha256);
    say_("manifest eligible for deletion: " + sha256.str());
  }
}

// The children of what stays, and what names it as its subject. False: there was nothing new.
bool RepositoryMarker::keep_what_is_led_to() {
  const auto before = kept_.size();
  for (const auto& [sha256, manifest] : manifests_) {
    if (manifest.subject && keeps(stored_as(*manifest.subject))) kept_.insert(sha256);
    if (!keeps(sha256)) continue;
    // One that cannot be read may be an index, of which any of the others may be a child.
    if (manifest.is_damaged) {
      for (const auto& [other, _] : manifests_) kept_.insert(other);
      return kept_.size() > before;
    }
    for (const auto& reference : manifest.references) {
      const auto child = stored_as(reference);
      if (manifests_.contains(child)) kept_.insert(child);
    }
  }
  return kept_.size() > before;
}

// What is named by its sha512 is stored under its sha256.
oci::Digest RepositoryMarker::stored_as(const oci::Digest& digest) {
  if (digest.algorithm() == Algorithm::sha256) return digest;
  for (const auto& path :
       {paths::layer_link(name_, digest), paths::manifest_alias(name_, digest)}) {
    const auto link = look_at_link(driver_, path);
    if (link.digest) return *link.digest;
    if (link.state == Link::State::damaged) {
      ++damaged_;
      needs_every_layer_ = is_unknown_ = true;
    }
  }
  return digest;
}

void RepositoryMarker::mark_one(const oci::Digest& sha256, const Manifest& manifest,
                                DigestSet& marked) {
  say_(name_.str() + ": marking manifest " + sha256.str() + ' ');
  marked.insert(sha256);
  if (manifest.is_damaged) needs_every_layer_ = true;
  for (const auto& reference : manifest.references) {
    say_(name_.str() + ": marking blob " + reference.str());
    const auto stored = stored_as(reference);
    if (stored.algorithm() != Algorithm::sha256) continue;  // of a sparse manifest: it is not here
    needed_.insert(stored);
    marked.insert(stored);
  }
}

void RepositoryMarker::mark_every_layer(DigestSet& marked) {
  const auto directory = paths::layers(name_) + "/sha256";
  const bool readable = for_each_digest(driver_, directory, Algorithm::sha256,
                                        [&](const oci::Digest& sha256) { marked.insert(sha256); });
  if (!readable) is_unknown_ = true;
}

}  // namespace registry::maintenance
