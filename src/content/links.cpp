#include "links.hpp"

#include <system_error>

#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {
namespace {

constexpr std::size_t kMaxLinkBytes = 4096;

// What is longer than any link is damaged, as is what is no digest.
std::optional<std::string> read_text(storage::Driver& driver, const std::string& path) {
  try {
    return driver.get(path, kMaxLinkBytes);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::file_too_large) throw;
    return std::string();
  }
}

}  // namespace

std::optional<oci::Digest> read_link(storage::Driver& driver, const std::string& path) {
  const auto text = read_text(driver, path);
  if (!text) return std::nullopt;
  auto digest = oci::Digest::parse(*text);
  if (digest && digest->algorithm() == oci::Algorithm::sha256) return digest;
  base::log::debug("damaged link, taken for absent", {{"path", path}});
  return std::nullopt;
}

void write_link(storage::Driver& driver, const std::string& path, const oci::Digest& sha256) {
  const auto now = read_text(driver, path);
  if (now && *now == sha256.str()) return;
  driver.put(path, sha256.str(), storage::Survives::power_loss);
}

std::optional<std::uint64_t> stored_size(storage::Driver& driver, const oci::Digest& sha256) {
  const auto status = driver.stat(storage::paths::blob(sha256));
  if (!status || status->is_directory) return std::nullopt;
  if (status->size_bytes == 0 && sha256 != oci::empty_digest()) return std::nullopt;
  return status->size_bytes;
}

}  // namespace registry::content
