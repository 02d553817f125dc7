#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "maintenance/retention_decision.hpp"
#include "registry/oci/hasher.hpp"

namespace registry::maintenance {
namespace {

using base::WallTime;
using oci::Digest;
using std::chrono::hours;

const WallTime kNow{hours(500'000)};

// Any repository, and any rule for it. `circles`: a tag may name as its subject what came after
// what it points to.
class World {
 public:
  explicit World(unsigned seed, bool circles = true) : circles_(circles), random_(seed) {
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

SeenRepository without(SeenRepository seen, const Decision& decision) {
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

class RetentionProperty : public testing::Test {
 protected:
  template <class Check>
  static void for_many_worlds(Check check, bool circles = true) {
    for (unsigned seed = 1; seed <= 20'000 && !HasFailure(); ++seed) {
      const World world(seed, circles);
      SCOPED_TRACE(seed);
      check(world, decide(world.seen, world.rule, kNow));
    }
  }
};

TEST_F(RetentionProperty, WhatStaysIsWhole) {
  std::size_t removed = 0;
  for_many_worlds([&](const World& world, const Decision& decision) {
    const auto& before = world.seen.manifests;
    const auto after = without(world.seen, decision);
    removed += decision.manifests.size();
    for (const auto& tag : after.tags) {
      EXPECT_EQ(after.manifests.contains(tag.sha256), before.contains(tag.sha256)) << tag.name;
    }
    for (const auto& [sha256, manifest] : after.manifests) {
      for (const auto& child : manifest.children) {
        EXPECT_EQ(after.manifests.contains(child), before.contains(child));
      }
    }
    for (const auto& [sha256, manifest] : before) {
      const bool may_go = !manifest.subject || !after.manifests.contains(*manifest.subject);
      EXPECT_TRUE(may_go || after.manifests.contains(sha256)) << "a referrer of what stays";
    }
  });
  EXPECT_GT(removed, 1000U);
}

TEST_F(RetentionProperty, TheKeepsAreKept) {
  for_many_worlds([](const World& world, const Decision& decision) {
    std::set<std::string> going;
    for (const auto& one : decision.tags) going.insert(one.tag.name);
    std::vector<SeenTag> images;
    for (const auto& tag : world.seen.tags) {
      const bool is_cache = world.seen.manifests.at(tag.sha256).is_build_cache;
      if (subject_of_tag(tag.name)) {
        const auto subject = world.seen.manifests.find(*subject_of_tag(tag.name));
        const auto after = without(world.seen, decision).manifests;
        EXPECT_FALSE(subject != world.seen.manifests.end() && after.contains(subject->first) &&
                     going.contains(tag.name));
      } else if (!is_cache) {
        images.push_back(tag);
      }
    }
    const auto& keep = world.rule.keep;
    std::ranges::sort(images, std::greater(), [](const auto& tag) { return tag.pushed; });
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto& tag = images[i];
      const bool is_new = keep && std::ranges::count_if(images, [&](const auto& other) {
                                    return other.pushed >= tag.pushed;
                                  }) <= static_cast<std::ptrdiff_t>(keep->newest.value_or(0));
      const bool is_young = keep && keep->pushedwithin && kNow - tag.pushed < *keep->pushedwithin;
      const bool has_name = keep && !keep->tags.empty() && tag.name.starts_with("v1");
      if (!keep || is_new || is_young || has_name) EXPECT_FALSE(going.contains(tag.name));
    }
  });
}

TEST_F(RetentionProperty, WithoutATimeNothingGoesThatLostNoTagToTheRule) {
  for_many_worlds([](const World& world, const Decision&) {
    auto rule = world.rule;
    rule.keep.reset();
    rule.untagged.reset();
    rule.buildcache = {};
    auto seen = world.seen;
    for (auto& [sha256, manifest] : seen.manifests) manifest.untagged_by_rule = false;
    const auto decision = decide(seen, rule, kNow);
    EXPECT_TRUE(decision.tags.empty());
    EXPECT_TRUE(decision.manifests.empty());
  });
}

TEST_F(RetentionProperty, NothingGoesBeforeWhatItBelongsTo) {
  for_many_worlds([](const World& world, const Decision& decision) {
    std::set<Digest> going;
    for (const auto& one : decision.manifests) going.insert(one.sha256);
    for (const auto& one : decision.manifests) {
      for (const auto& other : one.after) EXPECT_TRUE(going.contains(other));
      for (const auto& [sha256, manifest] : world.seen.manifests) {
        const bool is_child =
            std::ranges::find(manifest.children, one.sha256) != manifest.children.end();
        if (is_child) EXPECT_NE(std::ranges::find(one.after, sha256), one.after.end());
      }
    }
  });
}

TEST_F(RetentionProperty, ASecondRunFindsNoMoreTags) {
  for_many_worlds(
      [](const World& world, const Decision& decision) {
        const auto seen = without(world.seen, decision);
        const auto again = decide(seen, world.rule, kNow);
        for (const auto& going : again.tags) ADD_FAILURE() << going.tag.name << ": " << going.why;
      },
      false);
}

}  // namespace
}  // namespace registry::maintenance
