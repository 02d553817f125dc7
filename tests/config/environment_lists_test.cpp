#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kLists =
    "health:\n  tcp:\n    - {addr: ':1'}\n    - {addr: ':2'}\n  file: [{file: /a}]\n"
    "validation:\n  manifests:\n    urls: {allow: [a, b]}\n"
    "    indexes: {platformlist: [{architecture: amd64, os: linux}]}\n";

TEST(EnvironmentOfLists, ChangesAnElementOfAList) {
  const auto [config, warnings] =
      parse_text(kLeast + kLists, {{"REGISTRY_HEALTH_TCP_1_ADDR", ":9"},
                                   {"REGISTRY_HEALTH_TCP_1_INTERVAL", "3s"},
                                   {"REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW_0", "changed"}});
  ASSERT_EQ(config.health.tcp.size(), 2U);
  EXPECT_EQ(config.health.tcp[0].addr, ":1");
  EXPECT_EQ(config.health.tcp[1].addr, ":9");
  EXPECT_EQ(config.health.tcp[1].interval, std::chrono::seconds(3));
  EXPECT_THAT(config.validation.manifests.urls.allow, ElementsAre("changed", "b"));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(EnvironmentOfLists, AppendsToAList) {
  const auto [config, warnings] =
      parse_text(kLeast + kLists, {{"REGISTRY_HEALTH_TCP_2_ADDR", ":3"},
                                   {"REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW_2", "c"},
                                   {"REGISTRY_VALIDATION_MANIFESTS_URLS_DENY_0", "d"}});
  ASSERT_EQ(config.health.tcp.size(), 3U);
  EXPECT_EQ(config.health.tcp[2].addr, ":3");
  EXPECT_THAT(config.validation.manifests.urls.allow, ElementsAre("a", "b", "c"));
  EXPECT_THAT(config.validation.manifests.urls.deny, ElementsAre("d"));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(EnvironmentOfLists, AppendsInTheOrderOfTheIndexes) {
  Environment environment;
  for (int i = 0; i < 12; ++i) {
    environment["REGISTRY_HTTP_TLS_CIPHERSUITES_" + std::to_string(i)] = "TLS_AES_128_GCM_SHA256";
  }
  EXPECT_EQ(parse_text(kLeast, environment).config.http.tls.ciphersuites.size(), 12U);
}

TEST(EnvironmentOfLists, RefusesAGapInAList) {
  EXPECT_THAT(refusal(kLeast + kLists, {{"REGISTRY_HEALTH_TCP_3_ADDR", ":3"}}),
              HasSubstr("environment variable REGISTRY_HEALTH_TCP_3_ADDR: health.tcp: has 2 "
                        "elements: the next one has the index 2"));
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_HEALTH_TCP_1_ADDR", ":3"}}),
              HasSubstr("REGISTRY_HEALTH_TCP_1_ADDR: health.tcp: has 0 elements"));
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_HEALTH_TCP_99999999999_ADDR", ":3"}}),
              HasSubstr("has 0 elements"));
}

TEST(EnvironmentOfLists, SetsAListBeforeItsElements) {
  const auto [config, warnings] = parse_text(
      kLeast + kLists,
      {{"REGISTRY_HEALTH_TCP", "[{addr: ':5'}]"}, {"REGISTRY_HEALTH_TCP_0_TIMEOUT", "1s"}});
  ASSERT_EQ(config.health.tcp.size(), 1U);
  EXPECT_EQ(config.health.tcp[0].addr, ":5");
  EXPECT_EQ(config.health.tcp[0].timeout, std::chrono::seconds(1));
}

TEST(EnvironmentOfLists, WarnsOfAnElementThatHasNoIndex) {
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_HEALTH_TCP_ADDR", ":3"}}).warnings,
              ElementsAre("environment variable REGISTRY_HEALTH_TCP_ADDR names no key: ignored"));
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_HEALTH_TCP_-1_ADDR", ":3"}}).warnings,
              ElementsAre(HasSubstr("names no key")));
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_HEALTH_TCP_1X_ADDR", ":3"}}).warnings,
              ElementsAre(HasSubstr("names no key")));
}

TEST(EnvironmentOfLists, WarnsOfAKeyBelowAValue) {
  const auto loaded = parse_text(kLeast + "http: {addr: ':1'}\n", {{"REGISTRY_HTTP_ADDR_X", "1"}});
  EXPECT_EQ(loaded.config.http.addr, ":1");
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("REGISTRY_HTTP_ADDR_X names no key")));
  EXPECT_THAT(parse_text(kLeast + "odd: 1\n", {{"REGISTRY_ODD_X", "1"}}).warnings,
              ElementsAre(HasSubstr("REGISTRY_ODD_X names no key"), HasSubstr("test.yml:4: odd")));
}

TEST(EnvironmentOfLists, NamesTheVariableOfAnUnknownKeyInAList) {
  EXPECT_THAT(parse_text(kLeast + kLists, {{"REGISTRY_HEALTH_TCP_0_TIMOUT", "1s"}}).warnings,
              ElementsAre("environment variable REGISTRY_HEALTH_TCP_0_TIMOUT: "
                          "health.tcp[0].timout: this key is not known and has no effect; did you "
                          "mean health.tcp[0].timeout?"));
}

TEST(EnvironmentOfLists, NamesTheVariableOfAWrongValueInAList) {
  EXPECT_THAT(refusal(kLeast + kLists, {{"REGISTRY_HEALTH_TCP_1_ADDR", "x"}}),
              HasSubstr("environment variable REGISTRY_HEALTH_TCP_1_ADDR: health.tcp[1].addr:"));
  EXPECT_THAT(refusal(kLeast + kLists, {{"REGISTRY_HEALTH_TCP_01_ADDR", "x"}}),
              HasSubstr("environment variable REGISTRY_HEALTH_TCP_01_ADDR: health.tcp[1].addr:"));
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_HEALTH_TCP", "[{addr: x}]"}}),
              HasSubstr("environment variable REGISTRY_HEALTH_TCP: health.tcp[0].addr:"));
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_HEALTH_TCP_0_TIMEOUT", "1s"}}),
              HasSubstr("REGISTRY_HEALTH_TCP_0_TIMEOUT: health.tcp[0].addr: is missing"));
  EXPECT_THAT(refusal(kLeast + kLists, {{"REGISTRY_HEALTH_TCP_1_TIMEOUT", "1s"},
                                        {"REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW_1", "("}}),
              HasSubstr("REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW_1: "
                        "validation.manifests.urls.allow[1]: is not a regular expression"));
}

TEST(EnvironmentOfLists, LeavesAloneWhatAnAliasShares) {
  const auto [config, warnings] =
      parse_text(kLeast + "health:\n  tcp:\n    - &a {addr: ':1'}\n    - *a\n",
                 {{"REGISTRY_HEALTH_TCP_1_ADDR", ":2"}});
  EXPECT_EQ(config.health.tcp[0].addr, ":1");
  EXPECT_EQ(config.health.tcp[1].addr, ":2");
}

}  // namespace
}  // namespace registry::config
