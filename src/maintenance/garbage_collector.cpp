#include "registry/maintenance/garbage_collector.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <system_error>
#include <vector>

#include "blob_sweeper.hpp"
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
using Blobs = std::vector<PackedDigest<32>>;  // of one shelf, in order

class Collector {
 public:
  Collector(content::Content& content, storage::Driver& driver, const CollectOptions& options,
            Say say)
      : content_(content),
        driver_(driver),
        options_(options),
        say_(std::move(say)),
        blobs_(driver.folder(paths::kBlobs)),
        crew_(options.threads),
        guard_(content.pins, options.grace),
        tools_{content, driver, *blobs_, crew_, guard_, options_.stop, say_, begin_recount()} {}
  Collected run();

 private:
  content::ReferenceCounts::Recount* begin_recount();
  void finish_recount();
  void collect_in(const oci::RepositoryName& name);
  void remove_manifests(RepositoryMarker& marker, RepositorySweeper& sweeper);
  std::vector<Blobs> unmarked_blobs();
  std::optional<Blobs> try_shelf(const std::string& shelf) noexcept;
  bool may_go(const PackedDigest<32>& sha256) {
    return !marked_.contains(sha256) && !guard_.protects(unpack(sha256));
  }
  Blobs look_at_shelf(const std::string& shelf);
  void remove(const std::vector<Blobs>& shelves);
  void remove_some(std::span<const oci::Digest> digests);
  void announce(const oci::Digest& sha256);

  content::Content& content_;
  storage::Driver& driver_;
  const CollectOptions& options_;
  const Say say_;
  const std::unique_ptr<storage::Folder> blobs_;
  Crew crew_;
  Guard guard_;
  std::optional<content::ReferenceCounts::Recount> recount_;
  const Tools tools_;
  BlobSweeper blob_sweeper_{tools_, options_.dry_run};
  DigestSet marked_;
  Collected collected_;
};

// Who has the store alone has no use for it.
content::ReferenceCounts::Recount* Collector::begin_recount() {
  return options_.grace ? &recount_.emplace(content_.counts) : nullptr;
}

// What is damaged may need anything.
void Collector::finish_recount() {
  if (!recount_ || collected_.damaged > 0) return;
  collected_.miscounted = recount_->finish();
}

void Collector::collect_in(const oci::RepositoryName& name) {
  if (options_.stop.stop_requested()) return;
  // 2.8 knows nothing of one in which there is but an upload.
  const bool is_known =
      may_exist(driver_, paths::layers(name)) || may_exist(driver_, paths::manifests(name));
  if (is_known) say_(name.str());
  RepositoryMarker marker(tools_, name);
  marker.mark(options_.delete_untagged, marked_);
  RepositorySweeper sweeper(tools_, name, marker, options_.dry_run);
  remove_manifests(marker, sweeper);
  sweeper.sweep();
  for (const auto& sha256 : sweeper.still_linked()) marked_.insert(sha256);
  collected_.damaged += marker.damaged() + sweeper.failed();
  collected_.sweep_was_stopped |= marker.is_unknown();
}

// What leads to others first, and for good: so that whatever a client or a crash comes in between,
// an index that is there has its children.
void Collector::remove_manifests(RepositoryMarker& marker, RepositorySweeper& sweeper) {
  std::set<oci::Digest> gone;
  for (auto next = marker.next_to_go(gone); !next.empty(); next = marker.next_to_go(gone)) {
    if (!gone.empty() && !options_.dry_run) driver_.sync();
    const auto still_there = sweeper.remove_manifests(next);
    gone.insert(next.begin(), next.end());
    for (const auto& sha256 : still_there) {
      gone.erase(sha256);
      marker.keep_after_all(sha256, marked_);
    }
  }
  collected_.manifests += gone.size();
}

// In the order of the shelves, which is theirs. They may be very many.
std::vector<Blobs> Collector::unmarked_blobs() {
  std::vector<std::string> shelves;
  const bool readable = for_each_directory(
      driver_, paths::kBlobs, [&](const std::string& shelf) { shelves.push_back(shelf); });
  if (!readable) ++collected_.damaged;
  std::vector<std::optional<Blobs>> seen(shelves.size());
  crew_.for_each(shelves.size(), [&](std::size_t i) { seen[i] = try_shelf(shelves[i]); });
  std::vector<Blobs> blobs;
  for (std::size_t i = 0; i < shelves.size(); ++i) {
    blobs.push_back(seen[i] ? std::move(*seen[i]) : look_at_shelf(shelves[i]));
  }
  return blobs;
}

// In silence. nullopt: look at it more closely.
std::optional<Blobs> Collector::try_shelf(const std::string& shelf) noexcept {
  try {
    Blobs blobs;
    const bool found = driver_.visit(paths::kBlobs + '/' + shelf, [&](const storage::Entry& entry) {
      const auto sha256 =
          entry.is_directory && entry.name.starts_with(shelf) ? pack<32>(entry.name) : std::nullopt;
      if (sha256 && may_go(*sha256)) blobs.push_back(*sha256);
      return true;
    });
    if (!found) return std::nullopt;
    std::ranges::sort(blobs);
    blobs.shrink_to_fit();
    return blobs;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

Blobs Collector::look_at_shelf(const std::string& shelf) {
  Blobs blobs;
  const bool readable = for_each_digest(driver_, paths::kBlobs + '/' + shelf,
                                        oci::Algorithm::sha256, [&](const oci::Digest& sha256) {
                                          if (!sha256.hex().starts_with(shelf)) return;
                                          const auto packed = *pack<32>(sha256.hex());
                                          if (may_go(packed)) blobs.push_back(packed);
                                        });
  if (!readable) ++collected_.damaged;
  return blobs;
}

void Collector::announce(const oci::Digest& sha256) {
  say_("blob eligible for deletion: " + sha256.str());
  if (options_.dry_run || options_.quiet) return;
  const auto path = paths::blob(sha256);
  base::log::info("Deleting blob: /" + path.substr(0, path.rfind('/')));
}

void Collector::remove(const std::vector<Blobs>& shelves) {
  constexpr std::size_t kChunk = 1000;
  std::vector<oci::Digest> some;
  for (const auto& shelf : shelves) {
    if (options_.stop.stop_requested()) break;
    for (const auto& blob : shelf) {
      some.push_back(unpack(blob));
      if (some.size() < kChunk) continue;
      remove_some(some);
      some.clear();
    }
  }
  remove_some(some);
}

void Collector::remove_some(std::span<const oci::Digest> digests) {
  for (const auto& sha256 : digests) announce(sha256);
  blob_sweeper_.remove(digests);
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
  // A part of the mark says nothing of what is needed.
  collected_.was_ended = options_.stop.stop_requested();
  if (collected_.was_ended) return collected_;
  finish_recount();
  marked_.settle();
  collected_.marked = marked_.size();
  // What is told from memory from here on was read, and promised, since the mark began.
  content_.recent.forget_all();
  const auto unmarked = unmarked_blobs();
  marked_ = {};
  for (const auto& blobs : unmarked) collected_.blobs += blobs.size();
  say_("\n" + std::to_string(collected_.marked) + " blobs marked, " +
       std::to_string(collected_.blobs) + " blobs and " + std::to_string(collected_.manifests) +
       " manifests eligible for deletion");
  // No link may come back and lead to a blob that is gone.
  if (!options_.dry_run && collected_.blobs > 0) driver_.sync();
  remove(unmarked);
  collected_.bytes = blob_sweeper_.bytes();
  collected_.damaged += blob_sweeper_.failed();
  collected_.was_ended = options_.stop.stop_requested();
  collected_.kept = guard_.kept();
  return collected_;
}

}  // namespace

Collected collect_garbage(content::Content& content, storage::Driver& driver,
                          const CollectOptions& options, const Say& say) {
  const Say quiet = [](const std::string&) {};
  return Collector(content, driver, options, options.quiet ? quiet : say).run();
}

}  // namespace registry::maintenance
