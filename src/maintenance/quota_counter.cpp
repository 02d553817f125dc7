#include "registry/maintenance/quota_counter.hpp"

#include <system_error>
#include <unordered_set>

#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {
namespace {

namespace paths = storage::paths;

void warn(const std::system_error& error) {
  base::log::warn_once("a part of the store cannot be counted", {{"err", error.what()}});
}

// By sha256 alone: what has a name by sha512 has one by sha256 as well.
void add_layers(storage::Driver& driver, const oci::RepositoryName& name,
                std::unordered_set<oci::Digest>& found) {
  driver.visit(paths::layers(name) + "/sha256", [&](const storage::Entry& entry) {
    const auto digest = oci::Digest::parse("sha256:" + entry.name);
    if (digest && entry.is_directory) found.insert(*digest);
    return true;
  });
}

std::uint64_t size_of(storage::Driver& driver, const oci::Digest& sha256) {
  try {
    const auto stored = driver.stat(paths::blob(sha256));
    return stored ? stored->size_bytes : 0;
  } catch (const std::system_error& error) {
    warn(error);
    return 0;
  }
}

}  // namespace

void count_quotas(content::Content& content, storage::Driver& driver, const std::stop_token& stop) {
  std::vector<std::unordered_set<oci::Digest>> found(content.quotas.size());
  if (found.empty()) return;
  const auto add = [&](const oci::RepositoryName& name) {
    const auto quota = content.quotas.of(name);
    if (!quota || stop.stop_requested()) return;
    try {
      add_layers(driver, name, found[*quota]);
    } catch (const std::system_error& error) {
      warn(error);
    }
  };
  content.catalog.for_each(add, warn);
  if (stop.stop_requested()) return;
  for (std::size_t quota = 0; quota < found.size(); ++quota) {
    std::uint64_t bytes = 0;
    for (const auto& sha256 : found[quota]) {
      if (stop.stop_requested()) return;
      bytes += size_of(driver, sha256);
    }
    content.quotas.counted(quota, bytes);
  }
}

}  // namespace registry::maintenance
