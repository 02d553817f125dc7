#include <algorithm>
#include <map>
#include <memory>
#include <system_error>

#include "blob_sweeper.hpp"
#include "digest_set.hpp"
#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/maintenance/garbage_collector.hpp"
#include "registry/storage/paths.hpp"
#include "repository_marker.hpp"
#include "repository_sweeper.hpp"

namespace registry::maintenance {

namespace paths = storage::paths;
using LetGo = content::ReferenceCounts::LetGo;

namespace {

// What deleted manifests have let go of, by the counts. The links go first, then the blobs to which
// they led, as in a collection; a link of another repository that nothing there needs leads nowhere
// until the next mark takes it.
class LetGoCollector {
 public:
  LetGoCollector(content::Content& content, storage::Driver& driver, std::chrono::seconds grace,
                 const std::stop_token& stop)
      : content_(content),
        driver_(driver),
        stop_(stop),
        blobs_(driver.folder(paths::kBlobs)),
        guard_(content.pins, grace),
        tools_{content, driver, *blobs_, crew_, guard_, stop_, [](const std::string&) {}, nullptr} {
  }
  Collected collect(std::vector<LetGo> let_go);

 private:
  using Digests = std::vector<oci::Digest>;

  void remove_links(const oci::RepositoryName& name, const Digests& digests);
  void remove_some_links(const oci::RepositoryName& name, std::span<const oci::Digest> digests);
  void sweep_if_empty(const oci::RepositoryName& name);
  void remove_blobs();

  content::Content& content_;
  storage::Driver& driver_;
  const std::stop_token stop_;
  const std::unique_ptr<storage::Folder> blobs_;
  Crew crew_{1};
  Guard guard_;
  const Tools tools_;
  std::map<oci::Digest, oci::RepositoryName> unlinked_;  // and a repository of each
  std::vector<LetGo> kept_;
  Collected collected_;
};

// Under the lock nothing comes to be needed in the repository. A delete has left the folder of its
// manifest's link.
void LetGoCollector::remove_some_links(const oci::RepositoryName& name,
                                       std::span<const oci::Digest> digests) {
  const content::RepositoryLocks::Alone lock(content_.locks, name);
  content_.recent.forget_repository(name.str());
  const auto layers = driver_.folder(paths::layers(name) + "/sha256");
  const auto revisions = driver_.folder(paths::revisions(name) + "/sha256");
  for (const auto& sha256 : digests) {
    if (content_.counts.needed_by(name, sha256) != 0U) continue;
    const std::string hex(sha256.hex());
    const auto removal = guard_.begin_removal(sha256);
    if (!removal) {
      kept_.push_back({name, sha256, {}});
      continue;
    }
    layers->remove_tree(hex, {{"link"}});
    if (!revisions->stat(hex + "/link")) revisions->remove_tree(hex, {});
    unlinked_.emplace(sha256, name);
  }
}

void LetGoCollector::remove_links(const oci::RepositoryName& name, const Digests& digests) {
  constexpr std::size_t kAtOnce = 256;  // a push waits that long
  try {
    for (std::span<const oci::Digest> rest = digests; !rest.empty();) {
      const auto some = rest.first(std::min(rest.size(), kAtOnce));
      remove_some_links(name, some);
      rest = rest.subspan(some.size());
    }
    sweep_if_empty(name);
  } catch (const std::system_error& error) {
    ++collected_.damaged;
    base::log::warn("cannot remove what deleted manifests have let go of",
                    {{"repository", name.str()}, {"err", error.what()}});
  }
}

// Then there is little in it, and it may leave the catalog.
void LetGoCollector::sweep_if_empty(const oci::RepositoryName& name) {
  if (content_.counts.manifests_in(name) != 0U) return;
  DigestSet marked;
  RepositoryMarker marker(tools_, name);
  marker.mark(false, marked);
  RepositorySweeper sweeper(tools_, name, marker, false);
  sweeper.sweep();
  collected_.damaged += marker.damaged() + sweeper.failed();
}

// Where the counts have come to be unknown meanwhile, anything may be needed.
void LetGoCollector::remove_blobs() {
  const auto is_needed = [&](const oci::Digest& one) {
    return content_.counts.needed_by(one) != 0U;
  };
  Digests unneeded;
  for (const auto& [sha256, _] : unlinked_) {
    if (!is_needed(sha256)) unneeded.push_back(sha256);
  }
  if (unneeded.empty()) return;
  // What is told from memory from here on was read, and promised, since the cut-off.
  content_.recent.forget_all();
  driver_.sync();  // no link may come back and lead to a blob that is gone
  BlobSweeper sweeper(tools_, false);
  const auto refused = sweeper.remove(unneeded, is_needed);
  for (const auto& sha256 : refused) kept_.push_back({unlinked_.at(sha256), sha256, {}});
  collected_.blobs = sweeper.blobs();
  collected_.bytes = sweeper.bytes();
  collected_.damaged += sweeper.failed();
}

Collected LetGoCollector::collect(std::vector<LetGo> let_go) {
  std::map<oci::RepositoryName, Digests> by_name;
  for (auto& one : let_go) by_name[std::move(one.repository)].push_back(std::move(one.sha256));
  for (const auto& [name, digests] : by_name) {
    if (!stop_.stop_requested()) remove_links(name, digests);
  }
  remove_blobs();
  collected_.kept = kept_.size();
  content_.counts.let_go_again(std::move(kept_));
  return collected_;
}

}  // namespace

std::optional<Collected> collect_let_go(content::Content& content, storage::Driver& driver,
                                        std::chrono::seconds grace, const std::stop_token& stop) {
  auto let_go = content.counts.take_let_go(content::Pins::Clock::now() - grace);
  if (!let_go) return std::nullopt;
  return LetGoCollector(content, driver, grace, stop).collect(std::move(*let_go));
}

}  // namespace registry::maintenance
