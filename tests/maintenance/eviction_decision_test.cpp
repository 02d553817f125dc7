#include "maintenance/eviction_decision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "any_repository.hpp"

namespace registry::maintenance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

Digest digest(const std::string& name) {
  return oci::digest_of(name);
}

class EvictionDecision : public testing::Test {
 protected:
  SeenManifest& manifest(const std::string& name) {
    auto& manifest = seen_.manifests[digest(name)];
    manifest.pushed = kNow - hours(100);
    return manifest;
  }
  void tag(const std::string& tag, const std::string& name, hours ago = hours(100)) {
    manifest(name).pushed = kNow - ago;
    seen_.tags.push_back({tag, digest(name), kNow - ago});
  }
  static std::string signature_of(const std::string& name) {
    return "sha256-" + std::string(digest(name).hex()) + ".sig";
  }
  std::vector<std::string> evictable() const {
    std::vector<std::string> names;
    for (const auto& one : evictable_tags(seen_, rules())) names.push_back(one.tag->name);
    return names;
  }
  Decision decide(const std::set<std::string>& going) const {
    return decide_eviction(seen_, rules(), going, "full");
  }
  std::vector<std::string> tags(const std::set<std::string>& going) const {
    std::vector<std::string> names;
    for (const auto& one : decide(going).tags) names.push_back(one.tag.name);
    return names;
  }
  std::vector<Digest> manifests(const std::set<std::string>& going) const {
    std::vector<Digest> manifests;
    for (const auto& one : decide(going).manifests) manifests.push_back(one.sha256);
    return manifests;
  }
  EvictionRules rules() const { return {protect_, kNow - hours(1)}; }

  SeenRepository seen_;
  std::vector<std::string> protect_;
};

TEST_F(EvictionDecision, OffersWhatIsNeitherProtectedNorInUseNorPartOfAnother) {
  protect_ = {"stable-*", "latest"};
  for (const char* name : {"v1", "stable-1", "latest"}) tag(name, name);
  tag("just-pushed", "2", hours(0));
  tag("just-pulled", "3");
  manifest("3").pulled = kNow;
  tag("index", "4");
  manifest("4").children = {digest("child")};
  manifest("child").pulled = kNow;
  tag(signature_of("v1"), "signature");
  manifest("v1").pulled = kNow - hours(2);
  EXPECT_THAT(evictable(), ElementsAre("v1"));
  EXPECT_EQ(evictable_tags(seen_, rules())[0].used, kNow - hours(2));
}

TEST_F(EvictionDecision, TakesTheManifestOfTheLastTagAndWhatBelongsToIt) {
  tag("old", "index");
  manifest("index").children = {digest("child")};
  manifest("child");
  manifest("referrer").subject = digest("child");
  tag(signature_of("index"), "signature");
  tag("other", "other");
  manifest("by digest");
  EXPECT_THAT(tags({"old"}), ElementsAre("old", signature_of("index")));
  EXPECT_THAT(manifests({"old"}), UnorderedElementsAre(digest("index"), digest("child"),
                                                       digest("referrer"), digest("signature")));
  tag("again", "child");
  EXPECT_THAT(manifests({"old"}), UnorderedElementsAre(digest("index"), digest("signature")));
}

TEST_F(EvictionDecision, TakesBuildCacheAsAnyOther) {
  tag("cache", "cache");
  manifest("cache").is_build_cache = true;
  EXPECT_THAT(evictable(), ElementsAre("cache"));
  EXPECT_THAT(manifests({"cache"}), ElementsAre(digest("cache")));
}

TEST_F(EvictionDecision, LeavesAProtectedSignatureAlone) {
  protect_ = {"sha256-*"};
  tag("old", "old");
  tag(signature_of("old"), "signature");
  EXPECT_THAT(tags({"old"}), ElementsAre("old"));
  EXPECT_THAT(manifests({"old"}), ElementsAre(digest("old")));
}

TEST_F(EvictionDecision, FinishesWhatHasLostItsTagToARule) {
  for (const char* name : {"evicted", "deleted"}) manifest(name).untagged = kNow - hours(2);
  manifest("evicted").untagged_by_rule = true;
  EXPECT_THAT(manifests({}), ElementsAre(digest("evicted")));
}

TEST_F(EvictionDecision, TellsWithWhichTagAManifestGoes) {
  tag("a", "old");
  tag("b", "index");
  manifest("index").children = {digest("old"), digest("child"), digest("stays")};
  for (const char* name : {"child", "stays"}) manifest(name);
  tag("kept", "stays");
  auto& gone = manifest("gone");
  gone.untagged = kNow;
  gone.untagged_by_rule = true;
  const auto releases = releases_of(seen_, rules(), {&seen_.tags[0], &seen_.tags[1]});
  EXPECT_THAT(releases,
              UnorderedElementsAre(Pair(digest("old"), 1U), Pair(digest("index"), 1U),
                                   Pair(digest("child"), 1U), Pair(digest("gone"), std::nullopt)));
}

// What was foretold of tags that go one by one is what then goes.
TEST(EvictionProperty, GoesAsItWasForetold) {
  const std::vector<std::string> protect = {"v1*"};
  const EvictionRules rules{protect, kNow - hours(20)};
  std::size_t removed = 0;
  for (unsigned seed = 1; seed <= 10'000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const AnyRepository world(seed, false);
    std::vector<const SeenTag*> order;
    for (const auto& one : evictable_tags(world.seen, rules)) order.push_back(one.tag);
    const auto releases = releases_of(world.seen, rules, order);
    std::set<std::string> going;
    for (std::size_t count = 0; count <= order.size(); ++count) {
      if (count > 0) going.insert(order[count - 1]->name);
      std::set<Digest> goes, foretold;
      for (const auto& one : decide_eviction(world.seen, rules, going, "full").manifests) {
        goes.insert(one.sha256);
      }
      for (const auto& [sha256, last] : releases) {
        if (!last || *last < count) foretold.insert(sha256);
      }
      EXPECT_EQ(goes, foretold) << count << " of " << order.size();
      removed += goes.size();
    }
  }
  EXPECT_GT(removed, 1000U);
}

}  // namespace
}  // namespace registry::maintenance
