#include "registry/content/blobs.hpp"

#include "links.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;

Blobs::Blobs(storage::Driver& driver, Pins& pins, RepositoryLocks& locks)
    : driver_(driver), pins_(pins), locks_(locks) {}

std::optional<BlobInfo> Blobs::stat(const oci::RepositoryName& name, const oci::Digest& digest) {
  const auto sha256 = read_link(driver_, paths::layer_link(name, digest));
  if (!sha256) return std::nullopt;
  auto pin = pins_.pin(*sha256);
  const auto size = stored_size(driver_, *sha256);
  if (!size) return std::nullopt;
  pin.promise();
  return BlobInfo{*sha256, *size};
}

std::unique_ptr<storage::BlobReader> Blobs::open(const oci::RepositoryName& name,
                                                 const oci::Digest& digest) {
  const auto sha256 = read_link(driver_, paths::layer_link(name, digest));
  if (!sha256) return nullptr;
  auto pin = pins_.pin(*sha256);
  auto blob = open_stored(driver_, *sha256);
  if (blob) pin.promise();
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
  return driver_.remove(paths::layer_link(name, digest), storage::Survives::power_loss);
}

}  // namespace registry::content
