#include "eviction_decision.hpp"

#include <algorithm>

#include "deciding.hpp"
#include "registry/base/glob.hpp"

namespace registry::maintenance {
namespace {

using oci::Digest;

class Evicting : public Deciding {
 public:
  Evicting(const SeenRepository& repository, const EvictionRules& rules,
           const std::set<std::string>& going, const std::string& why)
      : Deciding(repository), rules_(rules), going_(going), why_(why) {}

 private:
  bool may_follow(const SeenTag& tag) const override {
    return !base::matches_any_glob(rules_.protect, tag.name);
  }
  void choose(const Tags& tags) override {
    for (const auto* tag : tags) {
      if (going_.contains(tag->name)) {
        go(*tag, why_);
      } else {
        stay(*tag);
      }
    }
  }

  const EvictionRules& rules_;
  const std::set<std::string>& going_;
  const std::string& why_;
};

class Releasing final : public Evicting {
 public:
  using Evicting::Evicting;

  // The last one first: what it leads to has to wait for it, whatever goes before.
  Releases releases(const std::vector<const SeenTag*>& order) {
    const auto decision = decide();
    Releases releases;
    for (auto at = order.size(); at > 0; --at) {
      spread(order[at - 1]->sha256, [&](const Digest& sha256) {
        return !is_kept(sha256) && releases.emplace(sha256, at - 1).second;
      });
    }
    for (const auto& going : decision.manifests) releases.emplace(going.sha256, std::nullopt);
    return releases;
  }
};

}  // namespace

std::vector<Evictable> evictable_tags(const SeenRepository& repository,
                                      const EvictionRules& rules) {
  std::vector<Evictable> evictable;
  for (const auto& tag : repository.tags) {
    if (subject_of_tag(tag.name) || base::matches_any_glob(rules.protect, tag.name)) continue;
    const auto used = std::max(tag.pushed, last_pull(repository, tag.sha256).value_or(tag.pushed));
    if (used < rules.since) evictable.push_back({&tag, used});
  }
  return evictable;
}

Decision decide_eviction(const SeenRepository& repository, const EvictionRules& rules,
                         const std::set<std::string>& going, const std::string& why) {
  return Evicting(repository, rules, going, why).decide();
}

Releases releases_of(const SeenRepository& repository, const EvictionRules& rules,
                     const std::vector<const SeenTag*>& order) {
  std::set<std::string> going;
  for (const auto* tag : order) going.insert(tag->name);
  return Releasing(repository, rules, going, "").releases(order);
}

}  // namespace registry::maintenance
