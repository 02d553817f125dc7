#include "retention_decision.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <set>

#include "build_cache.hpp"
#include "registry/base/glob.hpp"

namespace registry::maintenance {
namespace {

using base::WallTime;
using config::Retention;
using oci::Digest;

bool matches_any(const std::vector<std::string>& patterns, std::string_view name) {
  return std::ranges::any_of(
      patterns, [&](const auto& pattern) { return base::matches_glob(pattern, name); });
}

bool is_within(WallTime time, std::optional<std::chrono::seconds> limit, WallTime now) {
  return limit && now - time < *limit;
}

class Decider {
 public:
  Decider(const SeenRepository& repository, const Retention::Rule& rule, WallTime now)
      : repository_(repository), rule_(rule), now_(now) {}

  Decision decide() {
    sort_tags();
    choose_images();
    choose_build_cache();
    find_what_belongs();
    keep_what_is_needed();
    return collect();
  }

 private:
  using Tags = std::vector<const SeenTag*>;

  const SeenManifest* find(const Digest& sha256) const {
    const auto found = repository_.manifests.find(sha256);
    return found == repository_.manifests.end() ? nullptr : &found->second;
  }

  // Of an image for several platforms, whatever part of it was pulled.
  std::optional<WallTime> pulled(const Digest& sha256) const {
    const auto* manifest = find(sha256);
    if (manifest == nullptr) return std::nullopt;
    auto last = manifest->pulled;
    for (const auto& child : manifest->children) {
      if (const auto* one = find(child)) last = std::max(last, one->pulled);
    }
    return last;
  }

  void sort_tags() {
    for (const auto& tag : repository_.tags) {
      const auto* manifest = find(tag.sha256);
      if (const auto subject = subject_of_tag(tag.name)) {
        followers_[*subject].push_back(&tag);
        follows_.insert(tag.sha256);
      } else if (manifest != nullptr && manifest->is_build_cache) {
        cache_tags_.push_back(&tag);
      } else {
        images_.push_back(&tag);
      }
    }
    // The last pushed first; where the times are the same, the later in order.
    std::ranges::sort(images_, std::greater(),
                      [](const auto* tag) { return std::pair(tag->pushed, tag->name); });
  }

  bool keeps(const SeenTag& tag, std::size_t place) const {
    const auto& keep = *rule_.keep;
    const auto last_pull = pulled(tag.sha256);
    return matches_any(keep.tags, tag.name) || place < keep.newest.value_or(0) ||
           is_within(tag.pushed, keep.pushedwithin, now_) ||
           (last_pull && is_within(*last_pull, keep.pulledwithin, now_));
  }

  void choose_images() {
    for (std::size_t place = 0; place < images_.size(); ++place) {
      const auto& tag = *images_[place];
      if (!rule_.keep || keeps(tag, place)) {
        roots_.insert(tag.sha256);
      } else {
        go(tag, "nothing in the rule keeps it");
      }
    }
  }

  void choose_build_cache() {
    const auto why = build_cache_going(repository_, rule_.buildcache, now_);
    for (const auto* tag : cache_tags_) {
      const auto found = why.find(tag->sha256);
      if (found == why.end()) {
        roots_.insert(tag->sha256);
      } else {
        go(*tag, found->second);
      }
    }
    for (const auto& [sha256, reason] : why) lost_.emplace(sha256, reason);
  }

  void go(const SeenTag& tag, const std::string& why) {
    decision_.tags.push_back({tag, why});
    lost_.emplace(tag.sha256, "its tag " + tag.name + " goes: " + why);
  }

  // Children, referrers, and what a tag of that form names.
  void find_what_belongs() {
    for (const auto& [sha256, manifest] : repository_.manifests) {
      for (const auto& child : manifest.children) holders_[child].push_back(sha256);
      if (!manifest.subject) continue;
      referrers_.emplace(*manifest.subject, sha256);
      if (find(*manifest.subject) != nullptr) holders_[sha256].push_back(*manifest.subject);
    }
    for (const auto& [subject, tags] : followers_) {
      if (find(subject) == nullptr) continue;
      for (const auto* tag : tags) {
        if (tag->sha256 != subject) holders_[tag->sha256].push_back(subject);
      }
    }
  }

  // Since when it serves nobody; but a referrer's or a signature's subject may be yet to come.
  std::optional<std::string> reason_of_age(const SeenManifest& manifest, WallTime last) const {
    last = std::max({last, manifest.pushed, manifest.untagged.value_or(manifest.pushed),
                     manifest.pulled.value_or(manifest.pushed)});
    if (!rule_.untagged || now_ - last < *rule_.untagged) return std::nullopt;
    return "without a tag or a use since " + base::rfc3339_seconds(last);
  }

  // What becomes of a manifest that nothing needs.
  void judge(const Digest& sha256, const SeenManifest& manifest) {
    const auto lost = lost_.find(sha256);
    const bool lost_a_tag = manifest.untagged && *manifest.untagged >= manifest.pushed;
    const bool belongs = holders_.contains(sha256);
    if (manifest.is_damaged) {
      roots_.insert(sha256);
    } else if (lost != lost_.end()) {
      reasons_.emplace(sha256, lost->second);
    } else if (lost_a_tag && manifest.untagged_by_rule) {
      reasons_.emplace(sha256, "the rule has taken its tag");
    } else if (belongs && !lost_a_tag) {
      followed_.insert(sha256);
    } else if (const auto why = reason_of_age(manifest, manifest.pushed); why && !follows(sha256)) {
      reasons_.emplace(sha256, *why);
    } else {
      roots_.insert(sha256);
    }
  }

  // By a tag whose subject is not here.
  bool follows(const Digest& sha256) const {
    return follows_.contains(sha256) && !holders_.contains(sha256);
  }

  // Tags whose subject is not here: it was deleted, or these are signatures of images elsewhere.
  void choose_orphans() {
    for (const auto& [subject, tags] : followers_) {
      if (find(subject) != nullptr) continue;
      for (const auto* tag : tags) {
        const auto* manifest = find(tag->sha256);
        const auto why = rule_.keep && manifest != nullptr ? reason_of_age(*manifest, tag->pushed)
                                                           : std::nullopt;
        if (why) {
          go(*tag, "its subject is gone, and " + *why);
        } else {
          roots_.insert(tag->sha256);
        }
      }
    }
  }

  void keep_what_is_needed() {
    choose_orphans();
    for (const auto& [sha256, manifest] : repository_.manifests) judge(sha256, manifest);
    for (const auto& root : roots_) keep(root);
    take_along();
    // What belongs to nothing that goes: tags can make circles, digests cannot.
    for (const auto& sha256 : followed_) {
      if (!reasons_.contains(sha256)) keep(sha256);
    }
    for (const auto& [sha256, why] : reasons_) {
      if (kept_.contains(sha256)) continue;
      const auto holders = holders_.find(sha256);
      decision_.manifests.push_back(
          {sha256, why, holders == holders_.end() ? std::vector<Digest>() : holders->second});
    }
  }

  void take_along() {
    std::multimap<Digest, Digest> held;
    for (const auto& sha256 : followed_) {
      for (const auto& holder : holders_.at(sha256)) held.emplace(holder, sha256);
    }
    std::vector<Digest> todo;
    for (const auto& [sha256, why] : reasons_) todo.push_back(sha256);
    while (!todo.empty()) {
      const auto holder = todo.back();
      todo.pop_back();
      if (kept_.contains(holder)) continue;
      const auto [first, last] = held.equal_range(holder);
      for (auto at = first; at != last; ++at) {
        const auto why = "it goes with " + holder.str();
        if (reasons_.emplace(at->second, why).second) todo.push_back(at->second);
      }
    }
  }

  void keep(const Digest& root) {
    std::vector<Digest> todo = {root};
    while (!todo.empty()) {
      const auto sha256 = todo.back();
      todo.pop_back();
      if (!kept_.insert(sha256).second) continue;
      const auto [first, last] = referrers_.equal_range(sha256);
      for (auto at = first; at != last; ++at) todo.push_back(at->second);
      if (const auto found = followers_.find(sha256); found != followers_.end()) {
        for (const auto* tag : found->second) todo.push_back(tag->sha256);
      }
      const auto* manifest = find(sha256);
      if (manifest == nullptr) continue;
      todo.insert(todo.end(), manifest->children.begin(), manifest->children.end());
      if (!manifest->is_damaged) continue;  // an index, it may be, of any of the others
      for (const auto& [other, seen] : repository_.manifests) todo.push_back(other);
    }
  }

  Decision collect() {
    for (const auto& [subject, tags] : followers_) {
      if (find(subject) == nullptr || kept_.contains(subject)) continue;
      for (const auto* tag : tags) {
        decision_.tags.push_back({*tag, "its subject " + subject.str() + " goes", subject});
      }
    }
    return std::move(decision_);
  }

  const SeenRepository& repository_;
  const Retention::Rule& rule_;
  const WallTime now_;
  Tags images_, cache_tags_;
  std::map<Digest, Tags> followers_;               // by their subject
  std::set<Digest> follows_;                       // what they point to
  std::multimap<Digest, Digest> referrers_;        // by their subject
  std::map<Digest, std::vector<Digest>> holders_;  // what it belongs to, of what is here
  std::map<Digest, std::string> lost_;             // what loses a tag, or exceeds a limit, and why
  std::map<Digest, std::string> reasons_;          // what goes where nothing needs it, and why
  std::set<Digest> followed_;                      // what goes with what it belongs to
  std::set<Digest> roots_, kept_;
  Decision decision_;
};

}  // namespace

const Retention::Rule* rule_for(const std::vector<Retention::Rule>& rules,
                                std::string_view repository) {
  const auto found = std::ranges::find_if(
      rules, [&](const auto& rule) { return matches_any(rule.repositories, repository); });
  return found == rules.end() ? nullptr : &*found;
}

std::optional<Digest> subject_of_tag(std::string_view tag) {
  constexpr std::string_view kPrefix = "sha256-";
  constexpr std::size_t kHex = 64;
  if (!tag.starts_with(kPrefix)) return std::nullopt;
  tag.remove_prefix(kPrefix.size());
  const auto suffix = tag.substr(std::min(kHex, tag.size()));
  constexpr std::array kSuffixes = {"", ".sig", ".att", ".sbom"};
  if (std::ranges::find(kSuffixes, suffix) == kSuffixes.end()) return std::nullopt;
  return Digest::parse("sha256:" + std::string(tag.substr(0, kHex)));
}

Decision decide(const SeenRepository& repository, const Retention::Rule& rule, WallTime now) {
  return Decider(repository, rule, now).decide();
}

}  // namespace registry::maintenance
