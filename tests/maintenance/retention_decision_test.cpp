#include "maintenance/retention_decision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/oci/hasher.hpp"

namespace registry::maintenance {
namespace {

using namespace std::chrono_literals;
using base::WallTime;
using config::Retention;
using oci::Digest;
using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const WallTime kNow{hours(500'000)};

Digest digest(const std::string& name) {
  return oci::digest_of(name);
}

// A repository whose manifests are called by a word each.
class RetentionDecision : public testing::Test {
 protected:
  SeenManifest& manifest(const std::string& name, hours ago = hours(100)) {
    names_.emplace(digest(name), name);
    auto& manifest = seen_.manifests[digest(name)];
    manifest.pushed = kNow - ago;
    return manifest;
  }
  void tag(const std::string& tag, const std::string& name, hours ago) {
    if (!seen_.manifests.contains(digest(name))) manifest(name, ago);
    seen_.tags.push_back({tag, digest(name), kNow - ago});
  }
  void keep_newest(std::size_t count) { keep().newest = count; }
  Retention::Keep& keep() {
    if (!rule_.keep) rule_.keep.emplace();
    return *rule_.keep;
  }
  void cache(const std::string& name, hours ago, std::uint64_t bytes) {
    auto& one = manifest(name, ago);
    one.is_build_cache = true;
    one.blobs = {{digest("blob of " + name), bytes}};
  }

  Decision decide() const { return maintenance::decide(seen_, rule_, kNow); }
  std::vector<std::string> tags() const {
    std::vector<std::string> tags;
    for (const auto& going : decide().tags) tags.push_back(going.tag.name);
    return tags;
  }
  std::vector<std::string> manifests() const {
    std::vector<std::string> manifests;
    for (const auto& going : decide().manifests) manifests.push_back(names_.at(going.sha256));
    return manifests;
  }
  static std::string tag_of(const std::string& name, const std::string& suffix = "") {
    return "sha256-" + std::string(digest(name).hex()) + suffix;
  }

  SeenRepository seen_;
  Retention::Rule rule_;
  std::map<Digest, std::string> names_;
};

TEST(RetentionRule, IsTheFirstThatMatches) {
  std::vector<Retention::Rule> rules(3);
  rules[0].repositories = {"team/*", "app"};
  rules[1].repositories = {"team/**"};
  rules[2].repositories = {"other"};
  EXPECT_EQ(rule_for(rules, "team/a"), &rules[0]);
  EXPECT_EQ(rule_for(rules, "app"), &rules[0]);
  EXPECT_EQ(rule_for(rules, "team/a/b"), &rules[1]);
  EXPECT_EQ(rule_for(rules, "apps"), nullptr);
}

TEST(SubjectOfTag, IsInItsName) {
  const std::string hex(64, 'a');
  const auto subject = Digest::parse("sha256:" + hex);
  for (const char* suffix : {"", ".sig", ".att", ".sbom"}) {
    EXPECT_EQ(subject_of_tag("sha256-" + hex + suffix), subject);
  }
  const std::vector<std::string> others = {
      "v1",     "sha256-" + hex + ".zip", "sha256-" + hex + "a", "sha256-12.sig", "sha512-" + hex,
      "sha256-"};
  for (const auto& tag : others) {
    EXPECT_EQ(subject_of_tag(tag), std::nullopt) << tag;
  }
}

TEST_F(RetentionDecision, KeepsEverythingWhereTheRuleSaysNothing) {
  tag("v1", "one", hours(1000));
  manifest("untagged", hours(1000));
  cache("cache", hours(1000), 10);
  EXPECT_THAT(tags(), IsEmpty());
  EXPECT_THAT(manifests(), IsEmpty());
}

TEST_F(RetentionDecision, KeepsTheNewestByTheTimeOfTheirPush) {
  tag("a", "1", hours(1));
  tag("b", "2", hours(5));
  tag("c", "3", hours(2));
  tag("d", "4", hours(4));
  keep_newest(2);
  EXPECT_THAT(tags(), UnorderedElementsAre("b", "d"));
  EXPECT_THAT(manifests(), UnorderedElementsAre("2", "4"));
}

TEST_F(RetentionDecision, AddsTheKeepsUp) {
  tag("newest", "1", hours(1));
  tag("v1", "2", hours(500));
  tag("young", "3", hours(20));
  tag("pulled", "4", hours(500));
  tag("old", "5", hours(500));
  manifest("4").pulled = kNow - 3h;
  manifest("5").pulled = kNow - 30h;
  keep() = {{"v*"}, 1, 24h, 24h};
  EXPECT_THAT(tags(), ElementsAre("old"));
}

TEST_F(RetentionDecision, CountsAPullOfOnePlatformForTheIndex) {
  tag("multi", "index", hours(500));
  manifest("index").children = {digest("arm64")};
  manifest("arm64").pulled = kNow - 1h;
  keep().pulledwithin = 24h;
  EXPECT_THAT(tags(), IsEmpty());
}

TEST_F(RetentionDecision, KeepsAManifestThatAnotherTagLeadsTo) {
  tag("old", "same", hours(50));
  tag("v1", "same", hours(60));
  keep().tags = {"v1"};
  EXPECT_THAT(tags(), ElementsAre("old"));
  EXPECT_THAT(manifests(), IsEmpty());
}

TEST_F(RetentionDecision, KeepsChildrenAndReferrersOfWhatStays) {
  tag("v1", "index", hours(1));
  manifest("index").children = {digest("child")};
  manifest("child").untagged = kNow - 90h;
  manifest("signature").subject = digest("child");
  manifest("of the signature").subject = digest("signature");
  rule_.untagged = 0s;
  EXPECT_THAT(manifests(), IsEmpty());
}

TEST_F(RetentionDecision, TakesChildrenAndReferrersAlong) {
  tag("new", "other", hours(1));
  tag("old", "index", hours(50));
  manifest("index").children = {digest("child"), digest("shared")};
  manifest("other").children = {digest("shared")};
  for (const auto* name : {"child", "shared"}) manifest(name);
  manifest("signature").subject = digest("index");
  keep_newest(1);
  EXPECT_THAT(manifests(), UnorderedElementsAre("index", "child", "signature"));
  for (const auto& going : decide().manifests) {
    const bool is_first = going.sha256 == digest("index");
    EXPECT_EQ(going.after.size(), is_first ? 0U : 1U);
  }
}

TEST_F(RetentionDecision, KeepsAnOverwrittenDigestForItsTime) {
  tag("v1", "new", hours(1));
  manifest("old", hours(400)).untagged = kNow - 10h;
  EXPECT_THAT(manifests(), IsEmpty());  // for ever
  rule_.untagged = 11h;
  EXPECT_THAT(manifests(), IsEmpty());
  rule_.untagged = 10h;
  EXPECT_THAT(manifests(), ElementsAre("old"));
  manifest("old", hours(400)).pulled = kNow - 1h;
  EXPECT_THAT(manifests(), IsEmpty());
}

TEST_F(RetentionDecision, TakesLaterWhatWasPromisedWhenItsTagWent) {
  auto& one = manifest("one");
  one.untagged = kNow - 1h;
  one.untagged_by_rule = true;
  EXPECT_THAT(manifests(), ElementsAre("one"));
  one.pushed = kNow - 30min;  // somebody has brought it again
  EXPECT_THAT(manifests(), IsEmpty());
}

TEST_F(RetentionDecision, LetsTagsOfASubjectFollowIt) {
  tag("new", "1", hours(1));
  tag("old", "2", hours(50));
  tag(tag_of("1", ".sig"), "signature of 1", hours(0));
  tag(tag_of("2", ".sig"), "signature of 2", hours(0));
  tag(tag_of("2"), "referrers of 2", hours(0));
  keep_newest(1);
  EXPECT_THAT(tags(), UnorderedElementsAre("old", tag_of("2", ".sig"), tag_of("2")));
  EXPECT_THAT(manifests(), UnorderedElementsAre("2", "signature of 2", "referrers of 2"));
  for (const auto& going : decide().tags) {
    if (going.tag.name != "old") EXPECT_EQ(going.after, digest("2"));
  }
}

TEST_F(RetentionDecision, KeepsSignaturesOfWhatIsElsewhere) {
  tag(tag_of("elsewhere", ".sig"), "signature", hours(50));
  rule_.untagged = 1h;
  EXPECT_THAT(tags(), IsEmpty());
  EXPECT_THAT(manifests(), IsEmpty());
  keep_newest(1);
  EXPECT_THAT(tags(), ElementsAre(tag_of("elsewhere", ".sig")));
  rule_.untagged = std::nullopt;
  EXPECT_THAT(tags(), IsEmpty());
}

TEST_F(RetentionDecision, KeepsAllThatADamagedManifestMayNeed) {
  tag("v1", "damaged", hours(1));
  manifest("damaged").is_damaged = true;
  manifest("untagged");
  rule_.untagged = 0s;
  EXPECT_THAT(manifests(), IsEmpty());
}

TEST_F(RetentionDecision, TellsBuildCacheApart) {
  cache("cache", hours(50), 10);
  tag("buildcache", "cache", hours(50));
  tag("v1", "1", hours(60));
  tag("v2", "2", hours(70));
  keep_newest(1);
  EXPECT_THAT(tags(), ElementsAre("v2"));
  rule_.buildcache.unusedfor = 50h;
  EXPECT_THAT(tags(), UnorderedElementsAre("buildcache", "v2"));
  EXPECT_THAT(manifests(), UnorderedElementsAre("cache", "2"));
  manifest("cache", hours(50)).pulled = kNow - 49h;
  EXPECT_THAT(tags(), ElementsAre("v2"));
}

TEST_F(RetentionDecision, LimitsTheSizeOfBuildCacheByItsLastUse) {
  cache("a", hours(30), 10);
  cache("b", hours(20), 10);
  cache("c", hours(10), 10);
  for (const auto* name : {"a", "b", "c"}) tag(name, name, hours(30));
  manifest("a", hours(30)).pulled = kNow - 1h;
  rule_.buildcache.maxsize = 30;
  EXPECT_THAT(tags(), IsEmpty());
  rule_.buildcache.maxsize = 29;
  EXPECT_THAT(tags(), ElementsAre("b"));
  rule_.buildcache.maxsize = 9;
  EXPECT_THAT(tags(), UnorderedElementsAre("a", "b", "c"));
}

TEST_F(RetentionDecision, CountsASharedBlobOfBuildCacheOnce) {
  cache("a", hours(30), 0);
  cache("b", hours(20), 0);
  manifest("a", hours(30)).blobs = {{digest("x"), 10}, {digest("y"), 5}};
  manifest("b", hours(20)).blobs = {{digest("x"), 10}, {digest("z"), 1}};
  rule_.buildcache.maxsize = 16;
  EXPECT_THAT(manifests(), IsEmpty());
  rule_.untagged = 1000h;
  rule_.buildcache.maxsize = 15;
  EXPECT_THAT(manifests(), ElementsAre("a"));
}

TEST_F(RetentionDecision, SaysWhy) {
  tag("v1", "1", hours(60));
  keep().pushedwithin = 1h;
  ASSERT_EQ(decide().tags.size(), 1U);
  EXPECT_EQ(decide().tags[0].why, "nothing in the rule keeps it");
  ASSERT_EQ(decide().manifests.size(), 1U);
  EXPECT_THAT(decide().manifests[0].why, HasSubstr("its tag v1 goes"));
}

}  // namespace
}  // namespace registry::maintenance
