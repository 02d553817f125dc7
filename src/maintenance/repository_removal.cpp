#include "registry/maintenance/repository_removal.hpp"

#include <algorithm>
#include <set>

#include "links.hpp"
#include "registry/storage/paths.hpp"
#include "repository_marker.hpp"

namespace registry::maintenance {

namespace paths = storage::paths;

namespace {

class Removing {
 public:
  Removing(content::Content& content, storage::Driver& driver, const oci::RepositoryName& name,
           const std::stop_token& stop)
      : content_(content),
        driver_(driver),
        name_(name),
        stop_(stop),
        blobs_(driver.folder(paths::kBlobs)),
        guard_(content.pins, std::chrono::seconds(0)),
        tools_{content, driver, *blobs_, crew_, guard_, stop_, [](const std::string&) {}, nullptr},
        marker_(tools_, name) {}

  RemovedRepository run() {
    remove_tags();
    marker_.mark(true, marked_);
    std::set<oci::Digest> gone;
    for (auto next = marker_.next_to_go(gone); !next.empty(); next = marker_.next_to_go(gone)) {
      if (stop_.stop_requested()) break;
      remove_manifests(next, gone);
    }
    count_what_is_left();
    return removed_;
  }

 private:
  static constexpr std::size_t kAtOnce = 50;  // manifests, for which pushes have to wait

  void remove_tags() {
    constexpr std::size_t kPage = 1000;
    std::string last;
    for (bool more = true; more;) {
      const auto page = content_.tags.list(name_, last, kPage);
      if (!page || page->names.empty()) return;
      for (const auto& text : page->names) {
        if (stop_.stop_requested()) return;
        const auto tag = *oci::Tag::parse(text);
        if (content_.manifests.remove_tag_pushed_before(name_, tag, begun_)) ++removed_.tags;
      }
      last = page->names.back();
      more = page->more;
    }
  }

  void remove_manifests(std::span<const oci::Digest> next, std::set<oci::Digest>& gone) {
    while (!next.empty() && !stop_.stop_requested()) {
      const auto some = next.first(std::min(kAtOnce, next.size()));
      next = next.subspan(some.size());
      const auto removed =
          content_.manifests.remove_untagged(name_, {some.begin(), some.end()}, cutoff_);
      removed_.manifests += removed.size();
      gone.insert(removed.begin(), removed.end());
      for (const auto& sha256 : some) {
        if (!gone.contains(sha256)) marker_.keep_after_all(sha256, marked_);
      }
    }
  }

  void count_what_is_left() {
    for_each_digest(driver_, paths::revisions(name_) + "/sha256", oci::Algorithm::sha256,
                    [&](const oci::Digest& sha256) {
                      if (may_exist(driver_, paths::revision_link(name_, sha256))) ++removed_.kept;
                    });
  }

  content::Content& content_;
  storage::Driver& driver_;
  const oci::RepositoryName& name_;
  const std::stop_token& stop_;
  // Before the first look: what is promised from here on stays.
  const content::Pins::Clock::time_point cutoff_ = content::Pins::Clock::now();
  const base::WallTime begun_ = std::chrono::system_clock::now();
  const std::unique_ptr<storage::Folder> blobs_;
  Crew crew_{1};
  Guard guard_;
  const Tools tools_;
  RepositoryMarker marker_;
  DigestSet marked_;
  RemovedRepository removed_;
};

}  // namespace

std::optional<RemovedRepository> remove_repository(content::Content& content,
                                                   storage::Driver& driver,
                                                   const oci::RepositoryName& name,
                                                   const std::stop_token& stop) {
  if (!content.catalog.contains(name)) return std::nullopt;
  return Removing(content, driver, name, stop).run();
}

}  // namespace registry::maintenance
