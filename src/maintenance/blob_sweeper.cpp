#include "blob_sweeper.hpp"

#include <string>

#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {

namespace paths = storage::paths;

std::vector<oci::Digest> BlobSweeper::remove(
    std::span<const oci::Digest> blobs, const std::function<bool(const oci::Digest&)>& is_needed) {
  std::vector<std::string> failures(blobs.size());
  std::vector<char> is_refused(blobs.size());
  tools_.crew.for_each(blobs.size(), [&](std::size_t i) {
    try {
      const auto path = paths::blob_below_blobs(blobs[i].hex());
      const auto removal = tools_.guard.begin_removal(blobs[i]);
      is_refused[i] = removal ? 0 : 1;
      if (!removal || (is_needed && is_needed(blobs[i]))) return;
      const auto status = tools_.blobs.stat(path);
      if (!dry_run_) tools_.blobs.remove_tree(path.substr(0, path.rfind('/')), {{"data"}});
      if (!status) return;
      ++blobs_;
      bytes_ += status->size_bytes;
    } catch (const std::exception& error) {
      failures[i] = error.what();
    }
  });
  std::vector<oci::Digest> refused;
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    if (is_refused[i] != 0) refused.push_back(blobs[i]);
    if (failures[i].empty()) continue;
    ++failed_;
    base::log::warn("cannot remove a blob", {{"digest", blobs[i].str()}, {"err", failures[i]}});
  }
  return refused;
}

}  // namespace registry::maintenance
