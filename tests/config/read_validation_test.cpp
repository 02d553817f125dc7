#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

bool is_disabled(const std::string& text) {
  return parse_text(kLeast + "validation: {" + text + "}\n").config.validation.disabled;
}

TEST(Validation, IsOnByDefault) {
  const auto validation = parse_text(kLeast).config.validation;
  EXPECT_FALSE(validation.disabled);
  EXPECT_THAT(validation.manifests.urls.allow, IsEmpty());
  EXPECT_THAT(validation.manifests.urls.deny, IsEmpty());
  EXPECT_EQ(validation.manifests.indexes.platforms, Platforms::all);
  EXPECT_THAT(validation.manifests.indexes.platformlist, IsEmpty());
}

TEST(Validation, CanBeTurnedOff) {
  EXPECT_TRUE(is_disabled("disabled: true"));
  EXPECT_FALSE(is_disabled("disabled: false"));
  expect_no_warning("validation: {disabled: true}\n");
}

TEST(Validation, TakesItsDeprecatedSwitchWithAWarning) {
  EXPECT_TRUE(is_disabled("enabled: false"));
  EXPECT_FALSE(is_disabled("enabled: true"));
  EXPECT_FALSE(is_disabled("enabled: "));
  expect_warning("validation:\n  enabled: false\n",
                 "test.yml:5: validation.enabled: is deprecated: use validation.disabled");
}

TEST(Validation, PrefersTheSwitchThatIsNotDeprecated) {
  EXPECT_FALSE(is_disabled("enabled: false, disabled: false"));
  EXPECT_TRUE(is_disabled("enabled: true, disabled: true"));
}

TEST(Validation, ReadsWhatManifestsMayReference) {
  const auto [config, warnings] = parse_text(kLeast + R"(
validation:
  manifests:
    urls:
      allow: ['^https?://([^/]+\.)*example\.com/', '(?i)mirror']
      deny: \.exe$
    indexes:
      platforms: List
      platformlist:
        - {architecture: amd64, os: linux}
        - {architecture: arm64, os: linux}
)");
  const auto& manifests = config.validation.manifests;
  EXPECT_THAT(manifests.urls.allow,
              ElementsAre(R"(^https?://([^/]+\.)*example\.com/)", "(?i)mirror"));
  EXPECT_THAT(manifests.urls.deny, ElementsAre(R"(\.exe$)"));
  EXPECT_EQ(manifests.indexes.platforms, Platforms::list);
  ASSERT_EQ(manifests.indexes.platformlist.size(), 2U);
  EXPECT_EQ(manifests.indexes.platformlist[1].architecture, "arm64");
  EXPECT_EQ(manifests.indexes.platformlist[1].os, "linux");
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Validation, RefusesExpressionsThatGoDoesNotCompile) {
  const std::string urls = "validation:\n  manifests:\n    urls:\n";
  expect_refusals(
      {{urls + "      allow:\n        - a\n        - '('",
        "test.yml:9: validation.manifests.urls.allow[1]: is not a regular expression of Go's "
        "syntax: missing ): ("},
       {urls + "      deny: ['(?=a)']", "urls.deny[0]: is not a regular expression"},
       {urls + "      deny: ['a{1001}']", "is not a regular expression"},
       {urls + "      deny: ['(a)\\1']", "is not a regular expression"},
       {urls + "      deny: [[a]]", "urls.deny[0]: must be a text"},
       {urls + "      deny: {a: b}", "urls.deny: must be a list of texts"}});
}

TEST(Validation, RefusesPlatformsThatAreNone) {
  const std::string indexes = "validation:\n  manifests:\n    indexes:\n";
  expect_refusals(
      {{indexes + "      platforms: some",
        "test.yml:7: validation.manifests.indexes.platforms: mu"},
       {indexes + "      platformlist: [{os: linux}]", "platformlist[0].architecture: is missing"},
       {indexes + "      platformlist: [{architecture: arm}]", "platformlist[0].os: is missing"},
       {indexes + "      platformlist: [linux/amd64]", "platformlist[0]: must be a map of keys"}});
}

TEST(Validation, WarnsOfUnknownKeys) {
  expect_warning("validation: {disable: true}\n", "did you mean validation.disabled?");
  expect_warning("validation: {manifests: {url: {}}}\n", "did you mean validation.manifests.urls?");
  expect_warning("validation: {manifests: {urls: {allows: []}}}\n", "urls.allow?");
  expect_warning("validation: {manifests: {indexes: {platform: all}}}\n", "indexes.platforms?");
}

}  // namespace
}  // namespace registry::config
