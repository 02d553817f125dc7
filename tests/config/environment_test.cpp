#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Environment, OverridesTheFile) {
  const auto [config, warnings] = parse_text(
      kLeast + "    rootdirectory: /a\nhttp:\n  addr: :1\n",
      {{"REGISTRY_HTTP_ADDR", ":2"}, {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/b"}});
  EXPECT_EQ(config.http.addr, ":2");
  EXPECT_EQ(config.storage.filesystem.rootdirectory, "/b");
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Environment, MakesTheSectionsItNeeds) {
  const auto [config, warnings] =
      parse_text("version: 0.1\n", {{"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/b"},
                                    {"REGISTRY_STORAGE_DELETE_ENABLED", "true"},
                                    {"REGISTRY_LOG_ACCESSLOG_DISABLED", "true"},
                                    {"REGISTRY_LOG_LEVEL", "debug"},
                                    {"REGISTRY_HTTP_DRAINTIMEOUT", "5s"}});
  EXPECT_EQ(config.storage.driver, Driver::filesystem);
  EXPECT_EQ(config.storage.filesystem.rootdirectory, "/b");
  EXPECT_TRUE(config.storage.remove.enabled);
  EXPECT_TRUE(config.log.accesslog.disabled);
  EXPECT_EQ(config.log.level, base::log::Level::debug);
  EXPECT_EQ(config.http.draintimeout, std::chrono::seconds(5));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Environment, MakesASectionOfAnEmptyOne) {
  const auto [config, warnings] =
      parse_text(kLeast + "http:\n",
                 {{"REGISTRY_HTTP_ADDR", ":2"}, {"REGISTRY_STORAGE_FILESYSTEM_MAXTHREADS", "50"}});
  EXPECT_EQ(config.http.addr, ":2");
  EXPECT_EQ(config.storage.filesystem.maxthreads, 50U);
}

TEST(Environment, SetsWholeSectionsAsYaml) {
  const auto [config, warnings] = parse_text(kLeast + "http:\n  addr: :1\n  secret: x\n",
                                             {{"REGISTRY_HTTP", "{addr: ':2', draintimeout: 9s}"}});
  EXPECT_EQ(config.http.addr, ":2");
  EXPECT_EQ(config.http.secret, "");  // replaced, not mixed
  EXPECT_EQ(config.http.draintimeout, std::chrono::seconds(9));
}

TEST(Environment, SetsASectionBeforeItsParts) {
  const auto [config, warnings] = parse_text(
      kLeast, {{"REGISTRY_HTTP_ADDR", ":3"}, {"REGISTRY_HTTP", "{addr: ':2', secret: s}"}});
  EXPECT_EQ(config.http.addr, ":3");
  EXPECT_EQ(config.http.secret, "s");
}

TEST(Environment, ReplacesTheDriver) {
  const auto [config, warnings] =
      parse_text(kLeast + "    rootdirectory: /a\n", {{"REGISTRY_STORAGE", "inmemory"}});
  EXPECT_EQ(config.storage.driver, Driver::inmemory);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Environment, AddsToADriverInShortForm) {
  // As in 2.8, where `storage: inmemory` is short for a map with that driver.
  const auto in_file = parse_text("version: 0.1\nstorage: inmemory\n",
                                  {{"REGISTRY_STORAGE_DELETE_ENABLED", "true"}});
  EXPECT_EQ(in_file.config.storage.driver, Driver::inmemory);
  EXPECT_TRUE(in_file.config.storage.remove.enabled);
  const auto in_variable = parse_text(
      kLeast, {{"REGISTRY_STORAGE", "inmemory"}, {"REGISTRY_STORAGE_DELETE_ENABLED", "true"}});
  EXPECT_EQ(in_variable.config.storage.driver, Driver::inmemory);
  EXPECT_TRUE(in_variable.config.storage.remove.enabled);
  EXPECT_THAT(in_variable.warnings, IsEmpty());
}

TEST(Environment, CannotAddASecondDriver) {
  EXPECT_THAT(
      refusal(kLeast, {{"REGISTRY_STORAGE_INMEMORY", "{}"}}),
      AllOf(HasSubstr("REGISTRY_STORAGE_INMEMORY"), HasSubstr("there is a driver already")));
}

TEST(Environment, EmptyValueGivesTheDefault) {
  const auto [config, warnings] =
      parse_text(kLeast + "    rootdirectory: /a\nhttp: {addr: ':1'}\n",
                 {{"REGISTRY_HTTP_ADDR", ""}, {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", ""}});
  EXPECT_EQ(config.http.addr, "");
  EXPECT_EQ(config.storage.filesystem.rootdirectory, "/var/lib/registry");
}

TEST(Environment, NamesTheVariableOfAWrongValue) {
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_HTTP_ADDR", "nowhere"}}),
              AllOf(HasSubstr("environment variable REGISTRY_HTTP_ADDR: http.addr:"),
                    HasSubstr("nowhere")));
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_STORAGE_DELETE_ENABLED", "\"true\""}}),
              HasSubstr("environment variable REGISTRY_STORAGE_DELETE_ENABLED"));
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_HTTP", "{draintimeout: soon}"}}),
              HasSubstr("environment variable REGISTRY_HTTP: http.draintimeout"));
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_LOG", "debug"}}),
              HasSubstr("environment variable REGISTRY_LOG: log: must be a map"));
}

TEST(Environment, StillNamesTheLineOfWhatTheFileSays) {
  EXPECT_THAT(refusal(kLeast + "http:\n  addr: x\n", {{"REGISTRY_HTTP_SECRET", "s"}}),
              HasSubstr("test.yml:5: http.addr"));
}

TEST(Environment, RefusesAValueThatIsNotYaml) {
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_HTTP_SECRET", "{"}}),
              HasSubstr("environment variable REGISTRY_HTTP_SECRET: is not YAML"));
}

TEST(Environment, WarnsOfAVariableThatNamesNoKey) {
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_HTTP_ADR", ":1"}}).warnings,
              ElementsAre(AllOf(HasSubstr("environment variable REGISTRY_HTTP_ADR"),
                                HasSubstr("did you mean http.addr?"))));
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_FOO", "1"}}).warnings,
              ElementsAre(HasSubstr("environment variable REGISTRY_FOO")));
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_", "1"}}).warnings,
              ElementsAre(HasSubstr("environment variable REGISTRY_ ")));
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_HTTP__ADDR", ":1"}}).warnings,
              ElementsAre(HasSubstr("environment variable REGISTRY_HTTP__ADDR")));
}

TEST(Environment, WarnsOfAVariableBelowAnUnknownKey) {
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_LOG_FILES_FOO", "bar"}}).warnings,
              ElementsAre(AllOf(HasSubstr("environment variable REGISTRY_LOG_FILES_FOO"),
                                HasSubstr("did you mean log.fields?"))));
}

TEST(Environment, CannotOverrideTheVersion) {
  const auto loaded = parse_text(kLeast, {{"REGISTRY_VERSION", "9"}});
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("REGISTRY_VERSION")));
}

TEST(Environment, IgnoresTheVariablesOfAKubernetesService) {
  const Environment environment = {{"REGISTRY_PORT", "tcp://10.0.0.1:5000"},
                                   {"REGISTRY_PORT_5000_TCP", "tcp://10.0.0.1:5000"},
                                   {"REGISTRY_PORT_5000_TCP_ADDR", "10.0.0.1"},
                                   {"REGISTRY_PORT_5000_TCP_PORT", "5000"},
                                   {"REGISTRY_PORT_5000_TCP_PROTO", "tcp"},
                                   {"REGISTRY_SERVICE_HOST", "10.0.0.1"},
                                   {"REGISTRY_SERVICE_PORT", "5000"},
                                   {"REGISTRY_SERVICE_PORT_HTTP", "5000"}};
  EXPECT_THAT(parse_text(kLeast, environment).warnings, IsEmpty());
}

TEST(Environment, IgnoresWhereTheFileIs) {
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_CONFIGURATION_PATH", "/etc/x.yml"}}).warnings,
              IsEmpty());
}

TEST(Environment, IgnoresOtherPrograms) {
  EXPECT_THAT(parse_text(kLeast, {{"HTTP_ADDR", ":1"},
                                  {"registry_http_addr", ":1"},
                                  {"REGISTRYHTTP", "x"},
                                  {"XREGISTRY_HTTP_ADDR", ":1"}})
                  .warnings,
              IsEmpty());
}

TEST(Environment, OfTheProcessIsReadAsItIs) {
  ASSERT_EQ(::setenv("REGISTRY_TEST_OF_ENVIRONMENT", "a=b", 1), 0);
  const auto environment = process_environment();
  ::unsetenv("REGISTRY_TEST_OF_ENVIRONMENT");
  const auto found = environment.find("REGISTRY_TEST_OF_ENVIRONMENT");
  ASSERT_NE(found, environment.end());
  EXPECT_EQ(found->second, "a=b");
}

}  // namespace
}  // namespace registry::config
