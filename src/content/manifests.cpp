#include "registry/content/manifests.hpp"

#include "change.hpp"
#include "links.hpp"
#include "references.hpp"
#include "registry/base/log.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;
using oci::ErrorCode;
using storage::Survives;
using Wall = std::chrono::system_clock;

namespace {

const std::string& text_of(const Reference& reference) {
  return std::visit([](const auto& one) -> const std::string& { return one.str(); }, reference);
}

}  // namespace

Manifests::Manifests(storage::Driver& driver, Pins& pins, RepositoryLocks& locks, Tags& tags,
                     Referrers& referrers, const Acceptance& acceptance, Recent& recent,
                     LastUses& uses, ReferenceCounts& counts)
    : driver_(driver),
      pins_(pins),
      locks_(locks),
      tags_(tags),
      referrers_(referrers),
      acceptance_(acceptance),
      recent_(recent),
      uses_(uses),
      counts_(counts) {}

std::optional<FoundManifest> Manifests::find(const oci::RepositoryName& name,
                                             const Reference& reference) {
  const auto* tag = std::get_if<oci::Tag>(&reference);
  if (tag == nullptr) return find_digest(name, std::get<oci::Digest>(reference));
  // A tag may move, and its old manifest be deleted, between the two looks.
  std::optional<oci::Digest> seen;
  for (auto sha256 = tags_.resolve(name, *tag); sha256 && sha256 != seen;
       sha256 = tags_.resolve(name, *tag)) {
    auto found = find_digest(name, *sha256);
    if (found) {
      found->digest = tags_.pushed_as(name, *tag, *sha256);
      return found;
    }
    seen = sha256;
  }
  return std::nullopt;
}

std::optional<FoundManifest> Manifests::find_digest(const oci::RepositoryName& name,
                                                    const oci::Digest& digest) {
  const auto sha256 = sha256_of_manifest(driver_, name, digest);
  if (!sha256) return std::nullopt;
  auto pin = pins_.pin(*sha256);
  if (!read_link(driver_, paths::revision_link(name, *sha256))) return std::nullopt;
  const auto size = stored_size(driver_, *sha256);
  if (!size || *size > oci::kMaxManifestBytes) return std::nullopt;
  pin.promise();
  return FoundManifest{digest, *sha256, *size};
}

std::optional<StoredManifest> Manifests::read(const FoundManifest& found) {
  auto content = stored_manifest(driver_, found.sha256);
  if (!content) return std::nullopt;
  auto media_type = oci::stored_media_type(*content);
  return StoredManifest{found.digest, found.sha256, std::move(media_type), std::move(*content)};
}

// Promised first and then looked at again: a removal that the promise came too late for has said
// so by then.
std::shared_ptr<const StoredManifest> Manifests::recent(const oci::RepositoryName& name,
                                                        const Reference& reference) {
  const auto& text = text_of(reference);
  const auto found = recent_.manifests.find(name.str(), text);
  if (!found) return nullptr;
  pins_.promise(found->value->sha256);
  const bool holds = recent_.manifests.generation(name.str(), text) == found->generation;
  return holds ? found->value : nullptr;
}

std::optional<FetchedManifest> Manifests::fetch(const oci::RepositoryName& name,
                                                const Reference& reference) {
  const auto& text = text_of(reference);
  const auto generation = recent_.manifests.generation(name.str(), text);
  auto found = find(name, reference);
  if (!found) return std::nullopt;
  auto use = uses_.of(name, found->sha256);
  FetchedManifest fetched{std::move(*found), nullptr, std::move(use)};
  if (fetched.found.size_bytes > kSmallManifestBytes) return fetched;
  auto manifest = read(fetched.found);
  if (!manifest) return std::nullopt;
  manifest->use = fetched.use;
  fetched.small = std::make_shared<const StoredManifest>(std::move(*manifest));
  recent_.manifests.add(name.str(), text, generation, fetched.small, fetched.small->content.size());
  return fetched;
}

std::unique_ptr<storage::BlobReader> Manifests::open(const FoundManifest& found) {
  return open_stored(driver_, found.sha256);
}

PutManifest Manifests::put(const oci::RepositoryName& name, const PushedManifest& pushed) {
  const auto parsed = parse(pushed);
  acceptance_.check(parsed.manifest);
  for (;;) {
    const auto checked = check_and_store(name, pushed, parsed);
    if (!checked.missing.empty()) {
      throw oci::ErrorList(ErrorCode::manifest_blob_unknown, checked.missing);
    }
    if (checked.suspicious.empty()) break;
    // Either is an end of it: the descriptor is wrong and this throws, or the blob was, and is
    // missing from now on, or was replaced by a good one meanwhile.
    for (const auto& one : checked.suspicious) settle(driver_, pins_, recent_, whole_, one);
  }
  PutManifest put{parsed.named, std::nullopt};
  if (parsed.manifest.subject) put.subject = parsed.manifest.subject->digest;
  return put;
}

Manifests::Parsed Manifests::parse(const PushedManifest& pushed) {
  const auto sha256 = oci::digest_of(pushed.content);
  auto named = sha256;
  if (const auto* wanted = std::get_if<oci::Digest>(&pushed.reference)) {
    if (wanted->algorithm() != oci::Algorithm::sha256) {
      named = oci::digest_of(pushed.content, wanted->algorithm());
    }
    if (*wanted != named) {
      throw oci::Error(ErrorCode::digest_invalid,
                       "the content has the digest " + named.str() + ", not " + wanted->str());
    }
  }
  auto manifest = oci::read_manifest(pushed.content, pushed.declared);
  auto references = oci::read_stored(pushed.content).references;
  return {sha256, named, std::move(manifest), std::move(references)};
}

// Pins first, then looks, and lets go when all is durable. Nothing is written unless all is there.
CheckedReferences Manifests::check_and_store(const oci::RepositoryName& name,
                                             const PushedManifest& pushed, const Parsed& parsed) {
  auto pin = pins_.pin(parsed.sha256);
  ReferenceCheck references(driver_, pins_, acceptance_, name);
  // Who asks for a condition has the repository alone, or another could come in between.
  std::optional<RepositoryLocks::Alone> alone;
  std::optional<RepositoryLocks::Shared> shared;
  if (pushed.precondition) {
    alone.emplace(locks_, name);
    const auto current = find(name, pushed.reference);
    pushed.precondition(current ? std::optional(current->digest) : std::nullopt);
  } else {
    shared.emplace(locks_, name);
  }
  auto checked = references.check(parsed.manifest);
  if (!checked.missing.empty() || !checked.suspicious.empty()) return checked;
  references.promise();
  pin.promise();
  const Change change([&] { forget(name, pushed, parsed); });
  store(name, pushed, parsed);
  return checked;
}

void Manifests::forget(const oci::RepositoryName& name, const PushedManifest& pushed,
                       const Parsed& parsed) {
  auto& manifests = recent_.manifests;
  manifests.forget(name.str(), text_of(pushed.reference));
  for (const auto& tag : pushed.more_tags) manifests.forget(name.str(), tag.str());
  manifests.forget(name.str(), parsed.sha256.str());
}

// The content, what leads to it by other names, the revision, the tags: 2.8's order, so that
// whatever a crash leaves, nothing counts that points to what is not there.
void Manifests::store(const oci::RepositoryName& name, const PushedManifest& pushed,
                      const Parsed& parsed) {
  const auto& [sha256, named, manifest, references] = parsed;
  // 2.8 finds repositories by this directory, also those that have no blob.
  if (!driver_.stat(paths::layers(name))) driver_.make_directory(paths::layers(name));
  store_content(sha256, pushed.content);
  if (named != sha256) write_link(driver_, paths::manifest_alias(name, named), sha256);
  if (manifest.subject) referrers_.add(name, manifest.subject->digest, named, sha256);
  // Before anybody can see it, and once more: a mark that has begun in between may have looked here
  // before it was to be seen, and counts for itself.
  counts_.add(name, sha256, references);
  const Change counted([&] { counts_.add(name, sha256, references); });
  if (std::holds_alternative<oci::Tag>(pushed.reference)) {
    write_link(driver_, paths::revision_link(name, sha256), sha256);
  } else {  // anew also where it is there already: its time says when it was last pushed
    driver_.put(paths::revision_link(name, sha256), sha256.str(), Survives::power_loss);
  }
  const auto put_tag = [&](const oci::Tag& tag) {
    const auto before = tags_.resolve(name, tag);
    tags_.put(name, tag, sha256, named);
    if (before && before != sha256) uses_.untagged(name, *before, Wall::now(), false);
  };
  if (const auto* tag = std::get_if<oci::Tag>(&pushed.reference)) put_tag(*tag);
  for (const auto& tag : pushed.more_tags) put_tag(tag);
}

// Small enough to be compared: so pushing it again mends what was damaged.
void Manifests::store_content(const oci::Digest& sha256, const std::string& content) {
  const auto stored = stored_manifest(driver_, sha256);
  if (stored == content) return;
  driver_.put(paths::blob(sha256), content, Survives::power_loss);
  if (stored) recent_.forget_all();  // the damaged one may have been read
}

bool Manifests::remove(const oci::RepositoryName& name, const Reference& reference,
                       const Precondition& precondition) {
  const RepositoryLocks::Alone lock(locks_, name);
  const Change change([&] { recent_.manifests.forget_repository(name.str()); });
  if (precondition) {
    const auto current = find(name, reference);
    precondition(current ? std::optional(current->digest) : std::nullopt);
  }
  if (const auto* tag = std::get_if<oci::Tag>(&reference)) return remove_tag(name, *tag);
  return remove_manifest(name, std::get<oci::Digest>(reference));
}

bool Manifests::remove_tag(const oci::RepositoryName& name, const oci::Tag& tag) {
  const auto sha256 = tags_.resolve(name, tag);
  const bool existed = tags_.remove(name, tag);
  if (existed && sha256) uses_.untagged(name, *sha256, Wall::now(), false);
  return existed;
}

bool Manifests::remove_tag_pushed_before(const oci::RepositoryName& name, const oci::Tag& tag,
                                         base::WallTime time) {
  const RepositoryLocks::Alone lock(locks_, name);
  const auto status = driver_.stat(paths::tag_current(name, tag));
  if (status && status->modified >= time) return false;
  const Change change([&] { recent_.manifests.forget_repository(name.str()); });
  return remove_tag(name, tag);
}

bool Manifests::remove_tag_as_seen(const oci::RepositoryName& name, const oci::Tag& tag,
                                   const oci::Digest& sha256, base::WallTime pushed) {
  const RepositoryLocks::Alone lock(locks_, name);
  const auto status = driver_.stat(paths::tag_current(name, tag));
  if (!status || status->modified != pushed || tags_.resolve(name, tag) != sha256) return false;
  const Change change([&] { recent_.manifests.forget_repository(name.str()); });
  const bool existed = tags_.remove(name, tag);
  if (existed) uses_.untagged(name, sha256, Wall::now(), true);
  return existed;
}

// Who answers from memory looks whether it still holds after its promise, so that must be forgotten
// before promises are looked for.
std::vector<oci::Digest> Manifests::remove_untagged(const oci::RepositoryName& name,
                                                    const std::vector<oci::Digest>& manifests,
                                                    Pins::Clock::time_point cutoff) {
  std::vector<oci::Digest> removed;
  const RepositoryLocks::Alone lock(locks_, name);
  const auto tagged = tags_.all_digests(name);
  recent_.manifests.forget_repository(name.str());
  const Change change([&] { recent_.manifests.forget_repository(name.str()); });
  for (const auto& sha256 : manifests) {
    if (tagged.contains(sha256)) continue;
    const auto removal = pins_.begin_removal(sha256, cutoff);
    if (removal && remove_revision(name, sha256)) removed.push_back(sha256);
  }
  return removed;
}

bool Manifests::remove_manifest(const oci::RepositoryName& name, const oci::Digest& digest) {
  const auto sha256 = sha256_of_manifest(driver_, name, digest);
  if (!sha256 || !read_link(driver_, paths::revision_link(name, *sha256))) return false;
  tags_.remove_all_of(name, *sha256);
  return remove_revision(name, *sha256);
}

// What is counted off is what its whole content names: a damaged one says nothing of that.
bool Manifests::remove_revision(const oci::RepositoryName& name, const oci::Digest& sha256) {
  const auto content = stored_manifest(driver_, sha256);
  const auto document = content ? oci::read_stored(*content) : oci::StoredDocument();
  if (content) let_go_of(name, sha256, document);
  if (!driver_.remove(paths::revision_link(name, sha256), Survives::power_loss)) return false;
  const bool is_whole = content && oci::digest_of(*content) == sha256;
  if (!is_whole || !counts_.remove(name, sha256, document.references)) pins_.make_mark_due();
  if (content) tidy_up(name, *content, document);
  uses_.forget(name, sha256);
  return true;
}

// What it needed is unreferenced from now on, perhaps, and stays for the grace period from now on.
void Manifests::let_go_of(const oci::RepositoryName& name, const oci::Digest& sha256,
                          const oci::StoredDocument& document) {
  pins_.let_go(sha256);
  const auto type = oci::parse_media_type(document.media_type);
  const bool has_children = type && oci::is_index(*type);
  for (const auto& reference : document.references) {
    const bool says_itself = reference.algorithm() == oci::Algorithm::sha256;
    const auto stored =
        says_itself ? reference : read_link(driver_, paths::layer_link(name, reference));
    if (!stored) continue;
    // A manifest of the repository is there for itself, and is let go of for itself.
    if (has_children && read_link(driver_, paths::revision_link(name, *stored))) continue;
    pins_.let_go(*stored);
  }
}

// What led to a manifest that is gone counts no longer, and is no reason to fail.
void Manifests::tidy_up(const oci::RepositoryName& name, const std::string& content,
                        const oci::StoredDocument& document) {
  try {
    const auto sha256 = oci::digest_of(content);
    const auto sha512 = oci::digest_of(content, oci::Algorithm::sha512);
    driver_.remove(paths::manifest_alias(name, sha512), Survives::process_crash);
    if (!document.subject) return;
    for (const auto& named : {sha256, sha512}) referrers_.remove(name, *document.subject, named);
  } catch (const std::system_error& error) {
    base::log::warn("cannot tidy up behind a deleted manifest",
                    {{"repository", name.str()}, {"err", error.what()}});
  }
}

}  // namespace registry::content
