#include "parsing.hpp"

namespace registry::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

Retention retention(const std::string& text, const Environment& environment = {}) {
  return parse_text(kLeast + text, environment).config.retention;
}

Retention::Rule rule(const std::string& text) {
  return retention("retention: {rules: [{repositories: '**', " + text + "}]}\n").rules.at(0);
}

TEST(Retention, KeepsEverythingByDefault) {
  EXPECT_FALSE(retention("").dryrun);
  EXPECT_EQ(retention("").interval, 1h);
  EXPECT_THAT(retention("").rules, IsEmpty());
}

TEST(Retention, IsRead) {
  const auto [config, warnings] = parse_text(kLeast + R"(
retention:
  dryrun: true
  interval: 10m
  rules:
    - repositories: [team/*, app]
      keep: {tags: [v*, latest], newest: 10, pushedwithin: 168h, pulledwithin: 720h}
      untagged: 24h
      buildcache: {maxsize: 2GiB, unusedfor: 48h}
    - repositories: "**"
)");
  const auto& retention = config.retention;
  EXPECT_TRUE(retention.dryrun);
  EXPECT_EQ(retention.interval, 10min);
  ASSERT_EQ(retention.rules.size(), 2U);
  const auto& first = retention.rules[0];
  EXPECT_THAT(first.repositories, ElementsAre("team/*", "app"));
  ASSERT_TRUE(first.keep);
  EXPECT_THAT(first.keep->tags, ElementsAre("v*", "latest"));
  EXPECT_EQ(first.keep->newest, 10U);
  EXPECT_EQ(first.keep->pushedwithin, 168h);
  EXPECT_EQ(first.keep->pulledwithin, 720h);
  EXPECT_EQ(first.untagged, 24h);
  EXPECT_EQ(first.buildcache.maxsize, 2ULL << 30U);
  EXPECT_EQ(first.buildcache.unusedfor, 48h);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Retention, KeepsWhatARuleDoesNotName) {
  const auto bare = retention("retention: {rules: [{repositories: [a]}]}\n").rules.at(0);
  EXPECT_FALSE(bare.keep);
  EXPECT_FALSE(bare.untagged);
  EXPECT_FALSE(bare.buildcache.maxsize);
  EXPECT_FALSE(bare.buildcache.unusedfor);
}

TEST(Retention, KeepsAllTagsWhereNothingIsSaidOfThem) {
  for (const char* text : {"keep: ", "keep: {}", "keep: {tags: []}", "keep: {newest: , tags: ~}"}) {
    EXPECT_FALSE(rule(text).keep) << text;
  }
  EXPECT_TRUE(rule("keep: {newest: 1}").keep);
}

TEST(Retention, MayRemoveUntaggedManifestsAtOnce) {
  EXPECT_EQ(rule("untagged: 0s").untagged, 0s);
  EXPECT_FALSE(rule("untagged: ").untagged);
}

TEST(Retention, RefusesWhatIsWrong) {
  const std::string rules = "retention:\n  rules:\n    - repositories: [a]\n";
  expect_refusals(
      {{"retention: {interval: 0}\n", "retention.interval: must be longer than nothing"},
       {"retention: {rules: [{untagged: 1h}]}\n",
        "retention.rules[0].repositories: is missing, or is empty"},
       {"retention: {rules: [{repositories: []}]}\n", "rules[0].repositories: is missing"},
       {"retention: {rules: [{repositories: [a, 'b[c]']}]}\n",
        "rules[0].repositories[1]: must be a name, or a pattern"},
       {rules + "      untagged: never\n",
        "test.yml:7: retention.rules[0].untagged: must be a duration"},
       {rules + "      keep: {newest: 0}\n", "rules[0].keep.newest: must be at least 1"},
       {rules + "      keep: {newest: -1}\n", "keep.newest: must be a whole number"},
       {rules + "      keep: {tags: ['']}\n", "keep.tags[0]: must be a name, or a pattern"},
       {rules + "      keep: {pushedwithin: 0s}\n", "pushedwithin: must be longer than nothing"},
       {rules + "      keep: {pulledwithin: x}\n", "pulledwithin: must be a duration"},
       {rules + "      buildcache: {maxsize: 0}\n", "maxsize: must be more than nothing"},
       {rules + "      buildcache: {unusedfor: 0}\n", "unusedfor: must be longer than nothing"}});
}

TEST(Retention, RefusesUnknownKeys) {
  const std::string rules = "retention:\n  rules:\n    - repositories: [a]\n";
  expect_refusals(
      {{rules + "      keep: {tag: [v1]}\n",
        "test.yml:7: retention.rules[0].keep.tag: this key is not known; did you mean "
        "retention.rules[0].keep.tags?"},
       {rules + "      keeps: {}\n", "rules[0].keeps: this key is not known; did you mean"},
       {rules + "      buildcache: {size: 1}\n", "buildcache.size: this key is not known"},
       {"retention: {dry: true}\n", "retention.dry: this key is not known"}});
}

TEST(Retention, IsOverriddenByVariables) {
  const auto read = retention("retention: {rules: [{repositories: [a]}]}\n",
                              {{"REGISTRY_RETENTION_DRYRUN", "true"},
                               {"REGISTRY_RETENTION_RULES_0_KEEP_NEWEST", "3"},
                               {"REGISTRY_RETENTION_RULES_0_KEEP_TAGS_0", "v*"},
                               {"REGISTRY_RETENTION_RULES_1", "{repositories: '**', untagged: 1h}"},
                               {"REGISTRY_RETENTION_RULES_1_BUILDCACHE_MAXSIZE", "1GiB"}});
  EXPECT_TRUE(read.dryrun);
  ASSERT_EQ(read.rules.size(), 2U);
  ASSERT_TRUE(read.rules[0].keep);
  EXPECT_EQ(read.rules[0].keep->newest, 3U);
  EXPECT_THAT(read.rules[0].keep->tags, ElementsAre("v*"));
  EXPECT_EQ(read.rules[1].untagged, 1h);
  EXPECT_EQ(read.rules[1].buildcache.maxsize, 1ULL << 30U);
}

}  // namespace
}  // namespace registry::config
