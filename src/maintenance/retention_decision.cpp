#include "retention_decision.hpp"

#include <algorithm>
#include <array>
#include <ranges>

#include "build_cache.hpp"
#include "deciding.hpp"
#include "registry/base/glob.hpp"

namespace registry::maintenance {
namespace {

using base::WallTime;
using config::Retention;
using oci::Digest;

bool is_within(WallTime time, std::optional<std::chrono::seconds> limit, WallTime now) {
  return limit && now - time < *limit;
}

class Decider final : public Deciding {
 public:
  Decider(const SeenRepository& repository, const Retention::Rule& rule, WallTime now)
      : Deciding(repository), repository_(repository), rule_(rule), now_(now) {}

 private:
  void choose(const Tags& tags) override {
    Tags images, cache_tags;
    for (const auto* tag : tags) {
      const auto* manifest = find(tag->sha256);
      (manifest != nullptr && manifest->is_build_cache ? cache_tags : images).push_back(tag);
    }
    choose_images(std::move(images));
    choose_build_cache(cache_tags);
  }

  bool keeps(const SeenTag& tag, std::size_t place) const {
    const auto& keep = *rule_.keep;
    const auto pulled = last_pull(repository_, tag.sha256);
    return base::matches_any_glob(keep.tags, tag.name) || place < keep.newest.value_or(0) ||
           is_within(tag.pushed, keep.pushedwithin, now_) ||
           (pulled && is_within(*pulled, keep.pulledwithin, now_));
  }

  void choose_images(Tags images) {
    // The last pushed first; where the times are the same, the later in order.
    std::ranges::sort(images, std::greater(),
                      [](const auto* tag) { return std::pair(tag->pushed, tag->name); });
    for (std::size_t place = 0; place < images.size(); ++place) {
      const auto& tag = *images[place];
      if (!rule_.keep || keeps(tag, place)) {
        stay(tag);
      } else {
        go(tag, "nothing in the rule keeps it");
      }
    }
  }

  void choose_build_cache(const Tags& tags) {
    const auto why = build_cache_going(repository_, rule_.buildcache, now_);
    for (const auto* tag : tags) {
      const auto found = why.find(tag->sha256);
      if (found == why.end()) {
        stay(*tag);
      } else {
        go(*tag, found->second);
      }
    }
    for (const auto& [sha256, reason] : why) lose(sha256, reason);
  }

  // Since when it serves nobody; but a referrer's or a signature's subject may be yet to come.
  std::optional<std::string> reason_of_age(const SeenManifest& manifest, WallTime last) const {
    last = std::max({last, manifest.pushed, manifest.untagged.value_or(manifest.pushed),
                     manifest.pulled.value_or(manifest.pushed)});
    if (!rule_.untagged || now_ - last < *rule_.untagged) return std::nullopt;
    return "without a tag or a use since " + base::rfc3339_seconds(last);
  }

  std::optional<std::string> why_untagged_goes(const SeenManifest& manifest) const override {
    return reason_of_age(manifest, manifest.pushed);
  }

  std::optional<std::string> why_orphan_goes(const SeenTag& tag,
                                             const SeenManifest& manifest) const override {
    const auto why = rule_.keep ? reason_of_age(manifest, tag.pushed) : std::nullopt;
    return why ? std::optional("its subject is gone, and " + *why) : std::nullopt;
  }

  const SeenRepository& repository_;
  const Retention::Rule& rule_;
  const WallTime now_;
};

}  // namespace

const Retention::Rule* rule_for(const std::vector<Retention::Rule>& rules,
                                std::string_view repository) {
  const auto found = std::ranges::find_if(rules, [&](const auto& rule) {
    return base::matches_any_glob(rule.repositories, repository);
  });
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

std::optional<WallTime> last_pull(const SeenRepository& repository, const Digest& sha256) {
  const auto& manifests = repository.manifests;
  const auto found = manifests.find(sha256);
  if (found == manifests.end()) return std::nullopt;
  auto last = found->second.pulled;
  for (const auto& child : found->second.children) {
    const auto one = manifests.find(child);
    if (one != manifests.end()) last = std::max(last, one->second.pulled);
  }
  return last;
}

Decision decide(const SeenRepository& repository, const Retention::Rule& rule, WallTime now) {
  return Decider(repository, rule, now).decide();
}

}  // namespace registry::maintenance
