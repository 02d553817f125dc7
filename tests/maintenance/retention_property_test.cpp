#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "any_repository.hpp"

namespace registry::maintenance {
namespace {

using oci::Digest;

class RetentionProperty : public testing::Test {
 protected:
  template <class Check>
  static void for_many_worlds(Check check, bool circles = true) {
    for (unsigned seed = 1; seed <= 20'000 && !HasFailure(); ++seed) {
      const AnyRepository world(seed, circles);
      SCOPED_TRACE(seed);
      check(world, decide(world.seen, world.rule, kNow));
    }
  }
};

TEST_F(RetentionProperty, WhatStaysIsWhole) {
  std::size_t removed = 0;
  for_many_worlds([&](const AnyRepository& world, const Decision& decision) {
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
  for_many_worlds([](const AnyRepository& world, const Decision& decision) {
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
  for_many_worlds([](const AnyRepository& world, const Decision&) {
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
  for_many_worlds([](const AnyRepository& world, const Decision& decision) {
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
      [](const AnyRepository& world, const Decision& decision) {
        const auto seen = without(world.seen, decision);
        const auto again = decide(seen, world.rule, kNow);
        for (const auto& going : again.tags) ADD_FAILURE() << going.tag.name << ": " << going.why;
      },
      false);
}

}  // namespace
}  // namespace registry::maintenance
