#include "registry/content/manifests.hpp"

#include "links.hpp"
#include "references.hpp"
#include "registry/base/offload.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;
using oci::ErrorCode;
using storage::Survives;

Manifests::Manifests(storage::Driver& driver, Pins& pins, RepositoryLocks& locks, Tags& tags,
                     Referrers& referrers, const Acceptance& acceptance, base::Pool& io,
                     base::Pool& hashing)
    : driver_(driver),
      pins_(pins),
      locks_(locks),
      tags_(tags),
      referrers_(referrers),
      acceptance_(acceptance),
      io_(io),
      hashing_(hashing) {}

std::optional<FoundManifest> Manifests::find(const oci::RepositoryName& name,
                                             const Reference& reference) {
  const auto* tag = std::get_if<oci::Tag>(&reference);
  const auto digest = tag != nullptr ? tags_.resolve(name, *tag) : std::get<oci::Digest>(reference);
  if (!digest) return std::nullopt;
  const auto sha256 = sha256_of_manifest(driver_, name, *digest);
  if (!sha256) return std::nullopt;
  auto pin = pins_.pin(*sha256);
  if (!read_link(driver_, paths::revision_link(name, *sha256))) return std::nullopt;
  const auto size = stored_size(driver_, *sha256);
  if (!size || *size > oci::kMaxManifestBytes) return std::nullopt;
  pin.promise();
  auto named = tag != nullptr ? tags_.pushed_as(name, *tag, *sha256) : *digest;
  return FoundManifest{std::move(named), *sha256, *size};
}

std::optional<StoredManifest> Manifests::read(const FoundManifest& found) {
  auto content = stored_manifest(driver_, found.sha256);
  if (!content) return std::nullopt;
  auto media_type = oci::stored_media_type(*content);
  return StoredManifest{found.digest, found.sha256, std::move(media_type), std::move(*content)};
}

std::optional<StoredManifest> Manifests::get(const oci::RepositoryName& name,
                                             const Reference& reference) {
  const auto found = find(name, reference);
  return found ? read(*found) : std::nullopt;
}

std::unique_ptr<storage::BlobReader> Manifests::open(const FoundManifest& found) {
  return open_stored(driver_, found.sha256);
}

net::awaitable<PutManifest> Manifests::put(const oci::RepositoryName& name,
                                           const PushedManifest& pushed) {
  const auto understand = [&] { return parse(pushed); };
  const Parsed parsed = co_await base::offload(io_, understand);
  acceptance_.check(parsed.manifest);
  for (;;) {
    const auto attempt = [&] { return check_and_store(name, pushed, parsed); };
    const CheckedReferences checked = co_await base::offload(io_, attempt);
    if (!checked.missing.empty()) {
      throw oci::ErrorList(ErrorCode::manifest_blob_unknown, checked.missing);
    }
    if (checked.suspicious.empty()) break;
    // Either is an end of it: the descriptor is wrong and this throws, or the blob was, and is
    // missing from now on, or was replaced by a good one meanwhile.
    for (const auto& one : checked.suspicious) {
      co_await settle(driver_, pins_, io_, hashing_, one);
    }
  }
  PutManifest put{parsed.named, std::nullopt};
  if (parsed.manifest.subject) put.subject = parsed.manifest.subject->digest;
  co_return put;
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
  return {sha256, named, oci::read_manifest(pushed.content, pushed.declared)};
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
  store(name, pushed, parsed);
  return checked;
}

// The content, what leads to it by other names, the revision, the tags: 2.8's order, so that
// whatever a crash leaves, nothing counts that points to what is not there.
void Manifests::store(const oci::RepositoryName& name, const PushedManifest& pushed,
                      const Parsed& parsed) {
  const auto& [sha256, named, manifest] = parsed;
  // 2.8 finds repositories by this directory, also those that have no blob.
  if (!driver_.stat(paths::layers(name))) driver_.make_directory(paths::layers(name));
  store_content(sha256, pushed.content);
  if (named != sha256) write_link(driver_, paths::manifest_alias(name, named), sha256);
  if (manifest.subject) referrers_.add(name, manifest.subject->digest, named, sha256);
  write_link(driver_, paths::revision_link(name, sha256), sha256);
  if (const auto* tag = std::get_if<oci::Tag>(&pushed.reference)) {
    tags_.put(name, *tag, sha256, named);
  }
  for (const auto& tag : pushed.more_tags) tags_.put(name, tag, sha256, named);
}

// Small enough to be compared: so pushing it again mends what was damaged.
void Manifests::store_content(const oci::Digest& sha256, const std::string& content) {
  const bool is_stored = stored_manifest(driver_, sha256) == content;
  if (!is_stored) driver_.put(paths::blob(sha256), content, Survives::power_loss);
}

// What a stored manifest names as its subject, as far as it can be read.
std::optional<oci::Digest> Manifests::subject_of(const oci::Digest& sha256) {
  const auto content = stored_manifest(driver_, sha256);
  return content ? oci::read_stored(*content).subject : std::nullopt;
}

bool Manifests::remove(const oci::RepositoryName& name, const oci::Digest& digest) {
  const RepositoryLocks::Alone lock(locks_, name);
  const auto sha256 = sha256_of_manifest(driver_, name, digest);
  if (!sha256 || !read_link(driver_, paths::revision_link(name, *sha256))) return false;
  const auto subject = subject_of(*sha256);
  tags_.remove_all_of(name, *sha256);
  if (!driver_.remove(paths::revision_link(name, *sha256), Survives::power_loss)) return false;
  // What led to it counts no longer, and is only tidied up.
  if (subject) referrers_.remove(name, *subject, digest);
  if (digest != *sha256) {
    driver_.remove(paths::manifest_alias(name, digest), Survives::process_crash);
  }
  return true;
}

bool Manifests::remove(const oci::RepositoryName& name, const oci::Tag& tag) {
  const RepositoryLocks::Alone lock(locks_, name);
  return tags_.remove(name, tag);
}

}  // namespace registry::content
