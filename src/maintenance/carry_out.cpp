#include "carry_out.hpp"

#include <algorithm>
#include <set>
#include <span>

namespace registry::maintenance {
namespace {

using oci::Digest;

class Carrying {
 public:
  Carrying(content::Content& content, const oci::RepositoryName& name, const CarryingOut& how)
      : content_(content), name_(name), run_(how.run), cutoff_(how.cutoff), each_(how.each) {}

  void carry_out(Decision decision) {
    auto& [tags, manifests] = decision;
    for (bool goes_on = true; goes_on && !run_.stop.stop_requested();) {
      remove_tags(tags);
      goes_on = remove_manifests(manifests);
    }
  }

 private:
  static constexpr std::size_t kAtOnce = 50;  // manifests, for which pushes to it have to wait

  void remove_tags(std::vector<TagGoing>& tags) {
    const auto is_due = [&](const TagGoing& going) {
      return !going.after || removed_.contains(*going.after);
    };
    for (const auto& going : tags) {
      if (run_.stop.stop_requested()) return;
      if (!is_due(going)) continue;
      const auto tag = *oci::Tag::parse(going.tag.name);
      const bool went = run_.dry_run || content_.manifests.remove_tag_as_seen(
                                            name_, tag, going.tag.sha256, going.tag.pushed);
      if (went) each_({name_, tag, going.tag.sha256, going.why});
    }
    std::erase_if(tags, is_due);
  }

  // Those whose turn it is. False: it is nobody's.
  bool remove_manifests(std::vector<ManifestGoing>& manifests) {
    const auto is_due = [&](const ManifestGoing& going) {
      return std::ranges::all_of(going.after,
                                 [&](const auto& one) { return removed_.contains(one); });
    };
    const auto rest = std::ranges::partition(manifests, is_due);
    const std::vector<ManifestGoing> due(manifests.begin(), rest.begin());
    manifests.erase(manifests.begin(), rest.begin());
    for (std::size_t i = 0; i < due.size() && !run_.stop.stop_requested(); i += kAtOnce) {
      remove_some(std::span(due).subspan(i, std::min(kAtOnce, due.size() - i)));
    }
    return !due.empty();
  }

  void remove_some(std::span<const ManifestGoing> due) {
    std::vector<Digest> digests;
    for (const auto& going : due) digests.push_back(going.sha256);
    if (run_.dry_run) {
      std::erase_if(digests, [&](const auto& one) { return content_.pins.protects(one, cutoff_); });
    } else {
      digests = content_.manifests.remove_untagged(name_, digests, cutoff_);
    }
    removed_.insert(digests.begin(), digests.end());
    for (const auto& going : due) {
      if (removed_.contains(going.sha256)) {
        each_({name_, std::nullopt, going.sha256, going.why});
      } else {
        wait_for(going);
      }
    }
  }

  // Somebody relies on it. In a later run what it belongs to is no longer there to take it along.
  void wait_for(const ManifestGoing& going) {
    if (run_.dry_run || going.after.empty()) return;
    content_.uses.untagged(name_, going.sha256, run_.now, true);
  }

  content::Content& content_;
  const oci::RepositoryName& name_;
  const RetentionRun& run_;
  const content::Pins::Clock::time_point cutoff_;
  const std::function<void(const Removal&)>& each_;
  std::set<Digest> removed_;
};

}  // namespace

void carry_out(content::Content& content, const oci::RepositoryName& name, Decision decision,
               const CarryingOut& how) {
  Carrying(content, name, how).carry_out(std::move(decision));
}

}  // namespace registry::maintenance
