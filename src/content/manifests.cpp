#include "registry/content/manifests.hpp"

#include <map>

#include "hashing.hpp"
#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/base/offload.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;
using oci::ErrorCode;
using storage::Survives;

Manifests::Manifests(storage::Driver& driver, Pins& pins, RepositoryLocks& locks, Tags& tags,
                     base::Pool& io, base::Pool& hashing)
    : driver_(driver), pins_(pins), locks_(locks), tags_(tags), io_(io), hashing_(hashing) {}

bool Manifests::has_manifest(const oci::RepositoryName& name, const oci::Digest& sha256) {
  if (sha256.algorithm() != oci::Algorithm::sha256) return false;
  return read_link(driver_, paths::revision_link(name, sha256)) &&
         stored_size(driver_, sha256).has_value();
}

std::optional<FoundManifest> Manifests::find(const oci::RepositoryName& name,
                                             const Reference& reference) {
  const auto* tag = std::get_if<oci::Tag>(&reference);
  const auto digest = tag != nullptr ? tags_.resolve(name, *tag) : std::get<oci::Digest>(reference);
  if (!digest || digest->algorithm() != oci::Algorithm::sha256) return std::nullopt;
  auto pin = pins_.pin(*digest);
  if (!read_link(driver_, paths::revision_link(name, *digest))) return std::nullopt;
  const auto size = stored_size(driver_, *digest);
  if (!size || *size > oci::kMaxManifestBytes) return std::nullopt;
  pin.promise();
  return FoundManifest{*digest, *size};
}

std::optional<StoredManifest> Manifests::read(const oci::Digest& sha256) {
  auto content = driver_.get(paths::blob(sha256), oci::kMaxManifestBytes);
  if (!content) return std::nullopt;
  auto media_type = oci::stored_media_type(*content);
  return StoredManifest{sha256, std::move(media_type), std::move(*content)};
}

std::optional<StoredManifest> Manifests::get(const oci::RepositoryName& name,
                                             const Reference& reference) {
  const auto found = find(name, reference);
  return found ? read(found->digest) : std::nullopt;
}

std::unique_ptr<storage::BlobReader> Manifests::open(const oci::Digest& sha256) {
  return driver_.open(paths::blob(sha256));
}

net::awaitable<oci::Digest> Manifests::put(const oci::RepositoryName& name,
                                           const Reference& reference, const std::string& content,
                                           std::optional<oci::MediaType> declared) {
  const auto parse = [&] { return parse_pushed(reference, content, declared); };
  const Pushed pushed = co_await base::offload(io_, parse);
  for (;;) {
    const auto attempt = [&] { return check_and_store(name, reference, content, pushed); };
    const Checked checked = co_await base::offload(io_, attempt);
    if (!checked.missing.empty()) {
      throw oci::ErrorList(ErrorCode::manifest_blob_unknown, checked.missing);
    }
    if (checked.suspicious.empty()) co_return pushed.digest;
    // Either is an end of it: the descriptor is wrong and this throws, or the blob was, and is
    // missing from now on, or was replaced by a good one meanwhile.
    for (const auto& descriptor : checked.suspicious) co_await settle(descriptor);
  }
}

Manifests::Pushed Manifests::parse_pushed(const Reference& reference, const std::string& content,
                                          std::optional<oci::MediaType> declared) {
  const auto digest = oci::digest_of(content);
  const auto* wanted = std::get_if<oci::Digest>(&reference);
  if (wanted != nullptr && *wanted != digest) {
    throw oci::Error(ErrorCode::digest_invalid,
                     "the content has the digest " + digest.str() + ", not " + wanted->str());
  }
  return {digest, oci::read_manifest(content, declared)};
}

// Pins first, then looks, and lets go when all is durable. Nothing is written unless all is there.
Manifests::Checked Manifests::check_and_store(const oci::RepositoryName& name,
                                              const Reference& reference,
                                              const std::string& content, const Pushed& pushed) {
  const auto& [digest, manifest] = pushed;
  std::vector<Pin> pins;
  pins.reserve(1 + manifest.blobs.size() + manifest.manifests.size());
  pins.push_back(pins_.pin(digest));
  for (const auto& blob : manifest.blobs) pins.push_back(pins_.pin(blob.digest));
  for (const auto& child : manifest.manifests) pins.push_back(pins_.pin(child.digest));

  const RepositoryLocks::Shared lock(locks_, name);
  auto checked = check_references(name, manifest);
  if (!checked.missing.empty() || !checked.suspicious.empty()) return checked;
  for (auto& pin : pins) pin.promise();
  store(name, digest, content);
  if (const auto* tag = std::get_if<oci::Tag>(&reference)) tags_.put(name, *tag, digest);
  return checked;
}

Manifests::Checked Manifests::check_references(const oci::RepositoryName& name,
                                               const oci::Manifest& manifest) {
  Checked checked;
  std::set<std::pair<oci::Digest, std::uint64_t>> seen;  // a layer may be there many times
  const auto is_new = [&](const oci::Descriptor& descriptor) {
    return seen.emplace(descriptor.digest, descriptor.size_bytes).second;
  };
  for (const auto& blob : manifest.blobs) {
    if (!blob.has_urls && is_new(blob)) check_reference(name, blob, false, checked);
  }
  for (const auto& child : manifest.manifests) {
    if (is_new(child)) check_reference(name, child, true, checked);
  }
  return checked;
}

void Manifests::check_reference(const oci::RepositoryName& name, const oci::Descriptor& descriptor,
                                bool may_be_manifest, Checked& checked) {
  constexpr std::size_t kMostNamed = 100;  // of what is missing: enough to see what is wrong
  if (checked.missing.size() == kMostNamed) return;
  auto sha256 = read_link(driver_, paths::layer_link(name, descriptor.digest));
  if (!sha256 && may_be_manifest && has_manifest(name, descriptor.digest)) {
    sha256 = descriptor.digest;
  }
  const auto size = sha256 ? stored_size(driver_, *sha256) : std::nullopt;
  if (!size) {
    checked.missing.push_back(descriptor.digest.str());
  } else if (*size != descriptor.size_bytes) {
    checked.suspicious.push_back({*sha256, descriptor.size_bytes, false});
  }
}

// In 2.8's order: the content, the revision, then (by the caller) the tag, so that whatever a
// crash leaves, nothing points to what is not there.
void Manifests::store(const oci::RepositoryName& name, const oci::Digest& digest,
                      const std::string& content) {
  // 2.8 finds repositories by this directory, also those that have no blob.
  if (!driver_.stat(paths::layers(name))) driver_.make_directory(paths::layers(name));
  // Small enough to be compared: so pushing it again mends what was damaged.
  const bool is_stored = stored_size(driver_, digest) == content.size() &&
                         driver_.get(paths::blob(digest), content.size()) == content;
  if (!is_stored) {
    driver_.put(paths::blob(digest), content, Survives::power_loss);
  }
  write_link(driver_, paths::revision_link(name, digest), digest);
}

// A size in a descriptor that is not that of the stored blob: one of the two is wrong, and only
// hashing the blob again can say which.
net::awaitable<void> Manifests::settle(oci::Descriptor descriptor) {
  const auto path = paths::blob(descriptor.digest);
  const auto open = [&] { return driver_.open(path); };
  const auto reader = co_await base::offload(io_, open);
  if (!reader) co_return;
  oci::Sha256 hasher;
  const auto update = [&](std::span<const std::byte> data) { hasher.update(data); };
  co_await hash_stored(*reader, reader->size(), hashing_, update);
  if (hasher.digest() == descriptor.digest) {
    throw oci::Error(ErrorCode::manifest_invalid,
                     "the descriptor of " + descriptor.digest.str() + " says " +
                         std::to_string(descriptor.size_bytes) + " bytes, the blob has " +
                         std::to_string(reader->size()));
  }
  const auto quarantine = [&] { return quarantine_damaged(descriptor.digest, reader->size()); };
  const bool moved = co_await base::offload(io_, quarantine);
  if (!moved) co_return;
  base::log::error("a stored blob was damaged and is in quarantine: push the image again",
                   {{"digest", descriptor.digest.str()}});
}

// Not while somebody relies on it, nor what a push has put in its place meanwhile: that is what the
// pins of a push, and the size, which was wrong, are for.
bool Manifests::quarantine_damaged(const oci::Digest& digest, std::uint64_t damaged_size) {
  bool moved = false;
  pins_.unless_pinned(digest, [&] {
    if (stored_size(driver_, digest) != damaged_size) return;
    moved = driver_.move(paths::blob(digest), paths::quarantine(digest));
  });
  return moved;
}

bool Manifests::remove(const oci::RepositoryName& name, const oci::Digest& digest) {
  if (digest.algorithm() != oci::Algorithm::sha256) return false;
  const RepositoryLocks::Alone lock(locks_, name);
  if (!read_link(driver_, paths::revision_link(name, digest))) return false;
  tags_.remove_all_of(name, digest);
  return driver_.remove(paths::revision_link(name, digest), Survives::power_loss);
}

bool Manifests::remove(const oci::RepositoryName& name, const oci::Tag& tag) {
  const RepositoryLocks::Alone lock(locks_, name);
  return tags_.remove(name, tag);
}

}  // namespace registry::content
