#include "registry/maintenance/retention.hpp"

#include <algorithm>
#include <set>
#include <system_error>

#include "registry/base/log.hpp"
#include "retention_decision.hpp"
#include "retention_reader.hpp"

namespace registry::maintenance {
namespace {

using oci::Digest;

// Carries out a decision on one repository, from what belongs to nothing to what belongs to that.
class Carrying {
 public:
  using Each = std::function<void(const Removal&)>;

  // `cutoff`: promised since then, something stays. From before the repository was read.
  Carrying(content::Content& content, const oci::RepositoryName& name, const RetentionRun& run,
           content::Pins::Clock::time_point cutoff, const Each& each)
      : content_(content), name_(name), run_(run), cutoff_(cutoff), each_(each) {}

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
  const Each& each_;
  std::set<Digest> removed_;
};

void log_removal(const Removal& removal, bool dry_run) {
  base::log::Fields fields = {{"repository", removal.repository.str()}};
  if (removal.tag) fields.emplace_back("tag", removal.tag->str());
  fields.emplace_back("digest", removal.sha256.str());
  fields.emplace_back("why", removal.why);
  const std::string what = removal.tag ? "tag" : "manifest";
  base::log::info("retention " + std::string(dry_run ? "would remove a " : "removed a ") + what,
                  fields);
}

}  // namespace

Retained apply_retention(content::Content& content, storage::Driver& driver,
                         const config::Retention& rules, const RetentionRun& run,
                         const std::function<void(const Removal&)>& each) {
  Retained retained;
  content.uses.load();
  RetentionReader reader(content, driver);
  const std::function<void(const Removal&)> note = [&](const Removal& removal) {
    ++(removal.tag ? retained.tags : retained.manifests);
    log_removal(removal, run.dry_run);
    each(removal);
  };
  const auto apply = [&](const oci::RepositoryName& name) {
    const auto* rule = rule_for(rules.rules, name.str());
    if (rule == nullptr || run.stop.stop_requested()) return;
    try {
      // What comes to be needed behind the reader's back is promised after this, and no promise is
      // forgotten meanwhile.
      const content::Pins::Hold hold(content.pins);
      const auto cutoff = run.alone ? content::Pins::kNoPromise
                                    : content::Pins::Clock::now() - content.pins.grace();
      const auto seen = reader.read(name);
      if (!seen) ++retained.unreadable;
      if (seen) Carrying(content, name, run, cutoff, note).carry_out(decide(*seen, *rule, run.now));
    } catch (const std::system_error& error) {
      ++retained.unreadable;
      base::log::error("retention failed in a repository",
                       {{"repository", name.str()}, {"err", error.what()}});
    }
  };
  content.catalog.for_each(apply, [](const std::system_error& error) {
    base::log::warn_once("retention cannot read a folder", {{"err", error.what()}});
  });
  return retained;
}

}  // namespace registry::maintenance
