#include "repository_marker.hpp"

#include <system_error>
#include <utility>

#include "registry/base/log.hpp"
#include "registry/oci/hasher.hpp"
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

void RepositoryMarker::keep_after_all(const oci::Digest& sha256, DigestSet& marked) {
  const auto kept_before = kept_;
  keep({sha256});
  for (const auto& kept : kept_) {
    if (!kept_before.contains(kept)) mark_one(kept, manifests_.at(kept), marked);
  }
  if (needs_every_layer_) mark_every_layer(marked);
}

const std::vector<oci::Digest>& RepositoryMarker::references_of(const oci::Digest& sha256) const {
  return manifests_.at(sha256).references;
}

// An index leads to its children, and what is a subject to what refers to it.
std::vector<oci::Digest> RepositoryMarker::next_to_go(const std::set<oci::Digest>& gone) {
  const auto stays_for_now = [&](const oci::Digest& sha256) {
    return manifests_.contains(sha256) && !gone.contains(sha256) && !keeps(sha256);
  };
  std::set<oci::Digest> is_led_to;
  for (const auto& sha256 : doomed_) {
    if (!stays_for_now(sha256)) continue;
    const auto& manifest = manifests_.at(sha256);
    for (const auto& child : manifest.references) is_led_to.insert(stored_as(child));
    if (manifest.subject && stays_for_now(stored_as(*manifest.subject))) is_led_to.insert(sha256);
  }
  std::vector<oci::Digest> next, rest;
  for (const auto& sha256 : doomed_) {
    if (!stays_for_now(sha256)) continue;
    (is_led_to.contains(sha256) ? rest : next).push_back(sha256);
  }
  return next.empty() ? rest : next;  // of damaged ones that lead to one another none is the first
}

void RepositoryMarker::read_revisions() {
  const auto directory = paths::revisions(name_) + "/sha256";
  const bool readable =
      for_some_digests(driver_, directory, Algorithm::sha256,
                       [&](std::span<const oci::Digest> revisions) { read_some(revisions); });
  if (readable) return;
  ++damaged_;
  is_unknown_ = true;
}

// One whose link is damaged counts as well: the folder still says what it is of.
void RepositoryMarker::read_some(std::span<const oci::Digest> revisions) {
  struct Seen {
    bool is_whole = false;
    std::optional<Manifest> manifest;
  };
  std::vector<Seen> seen(revisions.size());
  const auto folder = driver_.folder(paths::revisions(name_) + "/sha256");
  tools_.crew.for_each(seen.size(), [&](std::size_t i) {
    const auto path = std::string(revisions[i].hex()) + "/link";
    seen[i] = {glance_at_link(*folder, path).has_value(), try_manifest(revisions[i])};
  });
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto& sha256 = revisions[i];
    if (!seen[i].is_whole) {
      const auto link = look_at_link(driver_, paths::revision_link(name_, sha256));
      if (link.state == Link::State::absent) continue;
      if (link.state == Link::State::damaged) ++damaged_;
    }
    auto& found = seen[i].manifest;
    const auto at = manifests_.emplace(sha256, found ? std::move(*found) : read_manifest(sha256));
    const auto& manifest = at.first->second;
    const bool counts = tools_.recount != nullptr && !manifest.is_damaged;
    if (counts) tools_.recount->seen(name_, sha256, manifest.references);
  }
}

// In silence, where nothing is wrong with it.
std::optional<RepositoryMarker::Manifest> RepositoryMarker::try_manifest(
    const oci::Digest& sha256) const noexcept {
  try {
    const auto path = paths::blob_below_blobs(sha256.hex());
    const auto content = tools_.blobs.get(path, oci::kMaxManifestBytes);
    if (!content || oci::digest_of(*content) != sha256) return std::nullopt;
    auto document = oci::read_stored(*content);
    if (!document.is_whole) return std::nullopt;
    return Manifest{false, false, std::move(document.references), std::move(document.subject)};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

RepositoryMarker::Manifest RepositoryMarker::read_manifest(const oci::Digest& sha256) {
  std::string why = "it has no content";
  bool is_hidden = false;
  try {
    const auto content = driver_.get(paths::blob(sha256), oci::kMaxManifestBytes);
    if (content && oci::digest_of(*content) != sha256) {
      why = "its content is not what its digest says";
    } else if (content) {
      auto document = oci::read_stored(*content);
      if (document.is_whole) {
        return {false, false, std::move(document.references), std::move(document.subject)};
      }
      why = "its content is no JSON document";
    }
  } catch (const std::system_error& error) {
    why = error.what();
    is_hidden = error.code() != std::errc::file_too_large;
  }
  ++damaged_;
  base::log::warn(
      "a manifest cannot be read: every blob of its repository stays, until it is deleted or "
      "pushed again",
      {{"repository", name_.str()}, {"digest", sha256.str()}, {"err", why}});
  return {true, is_hidden, {}, std::nullopt};
}

// nullopt: a tag cannot be read, and might lead to any of the manifests.
std::optional<std::set<oci::Digest>> RepositoryMarker::tagged() {
  std::set<oci::Digest> digests;
  const auto damaged_before = damaged_;
  const auto visit = [&](const std::string& text) {
    const auto tag = oci::Tag::parse(text);
    if (!tag) return;
    const auto link = look_at_link(driver_, paths::tag_current(name_, *tag));
    if (link.digest) digests.insert(*link.digest);
    if (link.state == Link::State::damaged) ++damaged_;
  };
  if (!for_each_directory(driver_, paths::tags(name_), visit)) ++damaged_;
  if (damaged_ != damaged_before) return std::nullopt;
  return digests;
}

// All, where it cannot be known what the tags lead to.
std::vector<oci::Digest> RepositoryMarker::roots(bool delete_untagged) {
  const bool may_choose = delete_untagged && !is_unknown_;
  const auto tagged_ones = may_choose ? tagged() : std::nullopt;
  std::vector<oci::Digest> roots;
  for (const auto& [sha256, manifest] : manifests_) {
    const bool stays = !tagged_ones || manifest.is_hidden || tagged_ones->contains(sha256) ||
                       tools_.guard.protects(sha256);
    if (stays) roots.push_back(sha256);
  }
  return roots;
}

void RepositoryMarker::choose(bool delete_untagged) {
  keep(roots(delete_untagged));
  // A name that leads nowhere was met on the way: it may be any manifest's.
  if (is_unknown_) keep(roots(false));
  for (const auto& [sha256, manifest] : manifests_) {
    if (keeps(sha256)) continue;
    doomed_.push_back(sha256);
    tools_.say("manifest eligible for deletion: " + sha256.str());
  }
}

// And the children of what stays, and what names it as its subject.
void RepositoryMarker::keep(std::vector<oci::Digest> roots) {
  std::multimap<oci::Digest, oci::Digest> referrers;  // by their subject
  for (const auto& [sha256, manifest] : manifests_) {
    if (manifest.subject) referrers.emplace(stored_as(*manifest.subject), sha256);
  }
  bool all_are_kept = false;
  for (auto& todo = roots; !todo.empty();) {
    const auto sha256 = todo.back();
    todo.pop_back();
    const auto found = manifests_.find(sha256);
    if (found == manifests_.end() || !kept_.insert(sha256).second) continue;
    const auto [first, last] = referrers.equal_range(sha256);
    for (auto at = first; at != last; ++at) todo.push_back(at->second);
    for (const auto& child : found->second.references) todo.push_back(stored_as(child));
    // One that cannot be read may be an index, of which any of the others may be a child.
    if (!found->second.is_damaged || std::exchange(all_are_kept, true)) continue;
    for (const auto& [other, _] : manifests_) todo.push_back(other);
  }
}

// What is named by its sha512 is stored under its sha256.
oci::Digest RepositoryMarker::stored_as(const oci::Digest& digest) {
  if (digest.algorithm() == Algorithm::sha256) return digest;
  const auto known = looked_up_.find(digest);
  if (known != looked_up_.end()) return known->second;
  return looked_up_.emplace(digest, look_up(digest)).first->second;
}

oci::Digest RepositoryMarker::look_up(const oci::Digest& sha512) {
  for (const auto& path : links_of_name(name_, sha512)) {
    const auto link = look_at_link(driver_, path);
    if (link.digest) return *link.digest;
    if (link.state == Link::State::damaged) {
      ++damaged_;
      needs_every_layer_ = is_unknown_ = true;
    }
  }
  return sha512;
}

void RepositoryMarker::mark_one(const oci::Digest& sha256, const Manifest& manifest,
                                DigestSet& marked) {
  tools_.say(name_.str() + ": marking manifest " + sha256.str() + ' ');
  marked.insert(sha256);
  if (manifest.is_damaged) needs_every_layer_ = true;
  for (const auto& reference : manifest.references) {
    tools_.say(name_.str() + ": marking blob " + reference.str());
    const auto stored = stored_as(reference);
    if (stored.algorithm() != Algorithm::sha256) continue;  // of a sparse manifest: it is not here
    needed_.insert(stored);
    marked.insert(stored);
  }
}

void RepositoryMarker::mark_every_layer(DigestSet& marked) {
  for (const auto algorithm : {Algorithm::sha256, Algorithm::sha512}) {
    const auto directory = paths::layers(name_) + '/' + std::string(oci::to_string(algorithm));
    const bool readable =
        for_each_digest(driver_, directory, algorithm,
                        [&](const oci::Digest& digest) { mark_layer(digest, marked); });
    if (!readable) is_unknown_ = true;
  }
}

void RepositoryMarker::mark_layer(const oci::Digest& digest, DigestSet& marked) {
  const auto stored = stored_as(digest);
  if (stored.algorithm() == Algorithm::sha256) marked.insert(stored);
}

}  // namespace registry::maintenance
