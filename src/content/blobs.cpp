#include "registry/content/blobs.hpp"

#include "change.hpp"
#include "links.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;

namespace {
constexpr std::size_t kSmallBytes = 16 * 1024;  // most configs
}

Blobs::Blobs(storage::Driver& driver, Pins& pins, RepositoryLocks& locks, Recent& recent)
    : driver_(driver), pins_(pins), locks_(locks), recent_(recent) {}

// As Manifests::recent.
std::shared_ptr<const RecentBlob> Blobs::recent(const oci::RepositoryName& name,
                                                const oci::Digest& digest) {
  const auto found = recent_.blobs.find(name.str(), digest.str());
  if (!found) return nullptr;
  pins_.promise(found->value->sha256);
  const bool holds = recent_.blobs.generation(name.str(), digest.str()) == found->generation;
  return holds ? found->value : nullptr;
}

std::shared_ptr<const RecentBlob> Blobs::fetch(const oci::RepositoryName& name,
                                               const oci::Digest& digest) {
  const auto generation = recent_.blobs.generation(name.str(), digest.str());
  const auto info = stat(name, digest);
  if (!info) return nullptr;
  RecentBlob blob{info->sha256, info->size_bytes, std::nullopt};
  if (info->size_bytes <= kSmallBytes) {
    blob.content = driver_.get(paths::blob(info->sha256), kSmallBytes);
    const bool was_replaced = !blob.content || blob.content->size() != info->size_bytes;
    if (was_replaced) return std::make_shared<const RecentBlob>(info->sha256, info->size_bytes);
  }
  const auto bytes = blob.content ? blob.content->size() : 0;
  auto fetched = std::make_shared<const RecentBlob>(std::move(blob));
  recent_.blobs.add(name.str(), digest.str(), generation, fetched, bytes);
  return fetched;
}

// Pins first, then looks at the link; of a sha512 only the link says what is to be pinned, so it is
// read once more.
std::optional<Pin> Blobs::pin_linked(const oci::RepositoryName& name, const oci::Digest& digest) {
  const auto path = paths::layer_link(name, digest);
  const bool says_itself = digest.algorithm() == oci::Algorithm::sha256;
  const auto expected = says_itself ? digest : read_link(driver_, path);
  if (!expected) return std::nullopt;
  auto pin = pins_.pin(*expected);
  if (read_link(driver_, path) != expected) return std::nullopt;
  return pin;
}

std::optional<BlobInfo> Blobs::stat(const oci::RepositoryName& name, const oci::Digest& digest) {
  auto pin = pin_linked(name, digest);
  const auto size = pin ? stored_size(driver_, pin->digest()) : std::nullopt;
  if (!size) return std::nullopt;
  pin->promise();
  return BlobInfo{pin->digest(), *size};
}

std::unique_ptr<storage::BlobReader> Blobs::open(const oci::RepositoryName& name,
                                                 const oci::Digest& digest) {
  auto pin = pin_linked(name, digest);
  auto blob = pin ? open_stored(driver_, pin->digest()) : nullptr;
  if (blob) pin->promise();
  return blob;
}

std::optional<BlobInfo> Blobs::mount(const oci::RepositoryName& from, const oci::RepositoryName& to,
                                     const oci::Digest& digest) {
  const auto source = read_link(driver_, paths::layer_link(from, digest));
  if (!source) return std::nullopt;
  return link(to, *source, digest);
}

std::optional<BlobInfo> Blobs::mount_any(const oci::RepositoryName& to, const oci::Digest& sha256) {
  if (sha256.algorithm() != oci::Algorithm::sha256) return std::nullopt;
  return link(to, sha256, sha256);
}

std::optional<BlobInfo> Blobs::link(const oci::RepositoryName& to, const oci::Digest& sha256,
                                    const oci::Digest& named) {
  auto pin = pins_.pin(sha256);
  const RepositoryLocks::Shared lock(locks_, to);
  const auto size = stored_size(driver_, sha256);
  if (!size) return std::nullopt;
  pin.promise();
  write_link(driver_, paths::layer_link(to, sha256), sha256);
  if (named != sha256) write_link(driver_, paths::layer_link(to, named), sha256);
  return BlobInfo{sha256, *size};
}

bool Blobs::remove(const oci::RepositoryName& name, const oci::Digest& digest) {
  const RepositoryLocks::Alone lock(locks_, name);
  const auto sha256 = read_link(driver_, paths::layer_link(name, digest));
  if (!sha256 || !stored_size(driver_, *sha256)) return false;
  const Change change([&] { recent_.blobs.forget_repository(name.str()); });
  pins_.unneeded(*sha256);
  return driver_.remove(paths::layer_link(name, digest), storage::Survives::power_loss);
}

}  // namespace registry::content
