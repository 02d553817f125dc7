#include "registry/maintenance/garbage_collector.hpp"

#include <system_error>

#include "digest_set.hpp"
#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/content/catalog.hpp"
#include "registry/storage/paths.hpp"
#include "repository_marker.hpp"
#include "repository_sweeper.hpp"

namespace registry::maintenance {

namespace paths = storage::paths;

namespace {

using Say = std::function<void(const std::string& line)>;

class Collector {
 public:
  Collector(storage::Driver& driver, const CollectOptions& options, Say say)
      : driver_(driver), options_(options), say_(std::move(say)) {}
  Collected run();

 private:
  void collect_in(const oci::RepositoryName& name);
  std::vector<oci::Digest> unmarked_blobs();
  void remove_blob(const oci::Digest& sha256);

  storage::Driver& driver_;
  const CollectOptions& options_;
  const Say say_;
  DigestSet marked_;
  Collected collected_;
};

void Collector::collect_in(const oci::RepositoryName& name) {
  // 2.8 knows nothing of one in which there is but an upload.
  const bool is_known =
      may_exist(driver_, paths::layers(name)) || may_exist(driver_, paths::manifests(name));
  if (is_known) say_(name.str());
  RepositoryMarker marker(driver_, name, say_);
  marker.mark(options_.delete_untagged, marked_);
  RepositorySweeper sweeper(driver_, name, marker, options_.dry_run, say_);
  for (const auto& sha256 : sweeper.remove_manifests()) marker.keep_after_all(sha256, marked_);
  sweeper.sweep();
  collected_.manifests += marker.doomed().size();
  collected_.damaged += marker.damaged() + sweeper.failed();
  collected_.sweep_was_stopped |= marker.is_unknown();
}

std::vector<oci::Digest> Collector::unmarked_blobs() {
  std::vector<oci::Digest> digests;
  const bool readable = for_each_directory(driver_, paths::kBlobs, [&](const std::string& shelf) {
    const auto directory = paths::kBlobs + '/' + shelf;
    const bool shelf_readable =
        for_each_digest(driver_, directory, oci::Algorithm::sha256, [&](const oci::Digest& sha256) {
          if (sha256.hex().starts_with(shelf) && !marked_.contains(sha256)) {
            digests.push_back(sha256);
          }
        });
    if (!shelf_readable) ++collected_.damaged;
  });
  if (!readable) ++collected_.damaged;
  return digests;
}

void Collector::remove_blob(const oci::Digest& sha256) {
  const auto path = paths::blob(sha256);
  const auto folder = path.substr(0, path.rfind('/'));
  try {
    if (const auto status = driver_.stat(path)) collected_.bytes += status->size_bytes;
    if (options_.dry_run) return;
    base::log::info("Deleting blob: /" + folder);
    driver_.remove_tree(folder, storage::Survives::process_crash);
  } catch (const std::system_error& error) {
    ++collected_.damaged;
    base::log::warn("cannot remove a blob", {{"digest", sha256.str()}, {"err", error.what()}});
  }
}

Collected Collector::run() {
  content::Catalog catalog(driver_);
  catalog.for_each([&](const oci::RepositoryName& name) { collect_in(name); },
                   [&](const std::system_error& error) {
                     base::log::warn("a folder cannot be read", {{"err", error.what()}});
                     ++collected_.damaged;
                     collected_.sweep_was_stopped = true;
                   });
  if (collected_.sweep_was_stopped) {
    base::log::error(
        "what could not be read may need any blob: none is removed. Mend it, or its permissions, "
        "and collect again");
    return collected_;
  }
  collected_.marked = marked_.size();
  const auto unmarked = unmarked_blobs();
  collected_.blobs = unmarked.size();
  say_("\n" + std::to_string(collected_.marked) + " blobs marked, " +
       std::to_string(collected_.blobs) + " blobs and " + std::to_string(collected_.manifests) +
       " manifests eligible for deletion");
  // No link may come back and lead to a blob that is gone.
  if (!options_.dry_run) driver_.sync();
  for (const auto& sha256 : unmarked) {
    say_("blob eligible for deletion: " + sha256.str());
    remove_blob(sha256);
  }
  return collected_;
}

}  // namespace

Collected collect_garbage(storage::Driver& driver, const CollectOptions& options, const Say& say) {
  const Say quiet = [](const std::string&) {};
  return Collector(driver, options, options.quiet ? quiet : say).run();
}

}  // namespace registry::maintenance
