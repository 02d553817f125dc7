#include "references.hpp"

#include "hashing.hpp"
#include "links.hpp"
#include "registry/content/quarantine.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;

std::optional<oci::Digest> sha256_of_manifest(storage::Driver& driver,
                                              const oci::RepositoryName& name,
                                              const oci::Digest& digest) {
  if (digest.algorithm() == oci::Algorithm::sha256) return digest;
  return read_link(driver, paths::manifest_alias(name, digest));
}

// What may be missing is needed as well, where it is there.
CheckedReferences ReferenceCheck::check(const oci::Manifest& manifest) {
  for (const auto& blob : manifest.blobs) {
    acceptance_.wants_blob(blob) ? check_one(blob, false) : pins_.promise(blob.digest);
  }
  for (const auto& child : manifest.manifests) {
    acceptance_.wants_child(child) ? check_one(child, true) : pins_.promise(child.digest);
  }
  return std::move(checked_);
}

void ReferenceCheck::promise() {
  for (auto& pin : found_) pin.promise();
}

std::optional<oci::Digest> ReferenceCheck::link_of(const oci::Digest& digest,
                                                   bool may_be_manifest) {
  auto sha256 = read_link(driver_, paths::layer_link(name_, digest));
  if (sha256 || !may_be_manifest) return sha256;
  sha256 = sha256_of_manifest(driver_, name_, digest);
  return sha256 ? read_link(driver_, paths::revision_link(name_, *sha256)) : std::nullopt;
}

// Of a sha512 the link says what is to be pinned: so it is read once more behind the pin.
std::optional<oci::Digest> ReferenceCheck::find(const oci::Digest& digest, bool may_be_manifest) {
  std::optional<oci::Digest> expected = digest;
  if (digest.algorithm() != oci::Algorithm::sha256) expected = link_of(digest, may_be_manifest);
  if (!expected) return std::nullopt;
  found_.push_back(pins_.pin(*expected));
  if (link_of(digest, may_be_manifest) == expected) return expected;
  found_.pop_back();
  return std::nullopt;
}

void ReferenceCheck::check_one(const oci::Descriptor& descriptor, bool may_be_manifest) {
  constexpr std::size_t kMostNamed = 100;  // of what is missing: enough to see what is wrong
  if (!seen_.emplace(descriptor.digest, descriptor.size_bytes).second) return;
  if (checked_.missing.size() == kMostNamed) return;
  const auto sha256 = find(descriptor.digest, may_be_manifest);
  const auto size = sha256 ? stored_size(driver_, *sha256) : std::nullopt;
  if (!size) {
    checked_.missing.push_back(descriptor.digest.str());
  } else if (*size != descriptor.size_bytes) {
    checked_.suspicious.push_back({*sha256, descriptor.size_bytes});
  }
}

void settle(storage::Driver& driver, Pins& pins, Recent& recent, KnownWhole& whole,
            const Suspicious& suspicious) {
  const auto& [sha256, stated_bytes] = suspicious;
  const auto reader = driver.open(paths::blob(sha256));
  if (!reader) return;
  if (!whole.contains(sha256, reader->size())) {
    oci::Sha256 hasher;
    const auto update = [&](std::span<const std::byte> data) { hasher.update(data); };
    hash_stored(*reader, reader->size(), update);
    if (hasher.digest() == sha256) whole.add(sha256, reader->size());
  }
  if (whole.contains(sha256, reader->size())) {
    throw oci::Error(oci::ErrorCode::manifest_invalid,
                     "the descriptor of " + sha256.str() + " says " + std::to_string(stated_bytes) +
                         " bytes, the blob has " + std::to_string(reader->size()));
  }
  (void)quarantine(driver, pins, recent, sha256, *reader);
}

}  // namespace registry::content
