#include "links.hpp"

#include <algorithm>
#include <array>

#include "registry/base/log.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {
bool is_damage(const std::system_error& error) {
  constexpr std::array kOfOneFile = {std::errc::permission_denied,
                                     std::errc::operation_not_permitted,
                                     std::errc::too_many_symbolic_link_levels,
                                     std::errc::is_a_directory, std::errc::not_a_directory};
  return std::ranges::any_of(kOfOneFile, [&](std::errc code) { return error.code() == code; });
}

std::optional<std::string> read_small(storage::Driver& driver, const std::string& path) {
  constexpr std::size_t kMaxBytes = 4096;
  try {
    return driver.get(path, kMaxBytes);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::file_too_large) return std::string();
    if (!is_damage(error)) throw;
    base::log::warn_once("a file of the store cannot be read", {{"err", error.what()}});
    return std::string();
  }
}

std::optional<oci::Digest> read_link(storage::Driver& driver, const std::string& path) {
  const auto text = read_small(driver, path);
  if (!text) return std::nullopt;
  auto digest = oci::Digest::parse(*text);
  if (digest && digest->algorithm() == oci::Algorithm::sha256) return digest;
  base::log::warn_once("a damaged link counts as absent: the next push of it mends it",
                       {{"path", path}});
  return std::nullopt;
}

void write_link(storage::Driver& driver, const std::string& path, const oci::Digest& sha256) {
  const auto now = read_small(driver, path);
  if (now && *now == sha256.str()) return;
  driver.put(path, sha256.str(), storage::Survives::power_loss);
}

// Opened, not only looked at: what may not be read is no more there than what is gone, and a push
// must be let to bring it again.
std::unique_ptr<storage::BlobReader> open_stored(storage::Driver& driver,
                                                 const oci::Digest& sha256) {
  try {
    auto blob = driver.open(storage::paths::blob(sha256));
    if (!blob || (blob->size() == 0 && sha256 != oci::empty_digest())) return nullptr;
    return blob;
  } catch (const std::system_error& error) {
    if (!is_damage(error)) throw;
    base::log::warn_once("a blob of the store cannot be read, and counts as absent",
                         {{"err", error.what()}});
    return nullptr;
  }
}

std::optional<std::uint64_t> stored_size(storage::Driver& driver, const oci::Digest& sha256) {
  const auto blob = open_stored(driver, sha256);
  return blob ? std::optional(blob->size()) : std::nullopt;
}

std::optional<std::string> stored_manifest(storage::Driver& driver, const oci::Digest& sha256) {
  try {
    return driver.get(storage::paths::blob(sha256), oci::kMaxManifestBytes);
  } catch (const std::system_error& error) {
    if (!is_damage(error) && error.code() != std::errc::file_too_large) throw;
    base::log::warn_once("a manifest of the store cannot be read, and counts as absent",
                         {{"err", error.what()}});
    return std::nullopt;
  }
}

}  // namespace registry::content
