#pragma once

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "maintenance/retention_decision.hpp"
#include "registry/oci/hasher.hpp"

namespace registry::maintenance {

using base::WallTime;
using oci::Digest;
using std::chrono::hours;

inline const WallTime kNow{hours(500'000)};

// Any repository, and any rule for it. `circles`: a tag may name as its subject what came after
// what it points to.
class AnyRepository {
 public:
  explicit AnyRepository(unsigned seed, bool circles = true) : circles_(circles), random_(seed) {
    const auto count = 1 + random_() % 12;
    for (std::size_t i = 0; i < count; ++i) add_manifest(i);
    for (std::size_t i = 0; i < random_() % 12; ++i) add_tag(i);
    if (chance(70)) choose_keep();
    if (chance(60)) rule.untagged = hours(random_() % 100);
    if (chance(40)) rule.buildcache.unusedfor = hours(1 + random_() % 100);
    if (chance(40)) rule.buildcache.maxsize = 1 + random_() % 50;
  }

  SeenRepository seen;
  config::Retention::Rule rule;

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  WallTime some_time() { return kNow - hours(random_() % 120); }
  const Digest& any() { return digests_[random_() % digests_.size()]; }

  // Of those before it, as a digest can only be named by what came later.
  void add_manifest(std::size_t i) {
    SeenManifest one;
    one.pushed = some_time();
    if (chance(30)) one.pulled = some_time();
    if (chance(30)) one.untagged = some_time();
    one.untagged_by_rule = chance(30);
    one.is_damaged = chance(2);
    if (chance(20)) {
      one.is_build_cache = true;
      one.blobs = {{oci::digest_of("blob" + std::to_string(random_() % 5)), 10}};
    }
    if (i > 0 && chance(30)) one.subject = any();
    if (i > 0 && chance(30)) one.children = {any(), any()};
    digests_.push_back(oci::digest_of("manifest" + std::to_string(i)));
    seen.manifests.emplace(digests_.back(), one);
  }

  void add_tag(std::size_t i) {
    constexpr std::array kSuffixes = {"", ".sig", ".att", ".sbom"};
    auto name = "v" + std::to_string(i);
    auto to = random_() % digests_.size();
    if (chance(25)) {
      const auto subject = random_() % digests_.size();
      if (!circles_ && subject >= to) return;
      name = "sha256-" + std::string(digests_[subject].hex()) + kSuffixes[random_() % 4];
    }
    const auto has_it = [&](const auto& tag) { return tag.name == name; };
    if (std::ranges::any_of(seen.tags, has_it)) return;
    seen.tags.push_back({name, digests_[to], some_time()});
  }

  void choose_keep() {
    auto& keep = rule.keep.emplace();
    if (chance(50)) keep.newest = 1 + random_() % 4;
    if (chance(30)) keep.pushedwithin = hours(1 + random_() % 100);
    if (chance(30)) keep.pulledwithin = hours(1 + random_() % 100);
    if (chance(30)) keep.tags = {"v1*"};
  }

  const bool circles_;
  std::mt19937 random_;
  std::vector<Digest> digests_;
};

inline SeenRepository without(SeenRepository seen, const Decision& decision) {
  for (const auto& going : decision.tags) {
    std::erase_if(seen.tags, [&](const auto& tag) { return tag.name == going.tag.name; });
    const auto found = seen.manifests.find(going.tag.sha256);
    if (found == seen.manifests.end()) continue;
    found->second.untagged = kNow;
    found->second.untagged_by_rule = true;
  }
  for (const auto& going : decision.manifests) seen.manifests.erase(going.sha256);
  return seen;
}

}  // namespace registry::maintenance
