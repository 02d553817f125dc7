#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <map>

#include "config/section.hpp"
#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

const std::string kLists =
    "health:\n  tcp:\n    - {addr: ':1'}\n    - {addr: ':2'}\n  file: [{file: /a}]\n"
    "validation:\n  manifests:\n    urls: {allow: [a, b]}\n"
    "    indexes: {platformlist: [{architecture: amd64, os: linux}]}\n";

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

TEST(Environment, IgnoresTheVariablesOfServicesBesideIt) {
  // An access controller that is not known would stop the start.
  Environment environment;
  for (const std::string service : {"REGISTRY_AUTH", "REGISTRY_REDIS", "REGISTRY_UI"}) {
    environment[service + "_SERVICE_HOST"] = "10.0.0.1";
    environment[service + "_SERVICE_PORT"] = "5001";
    environment[service + "_SERVICE_PORT_HTTP"] = "5001";
    environment[service + "_PORT"] = "tcp://10.0.0.1:5001";
    environment[service + "_PORT_5001_TCP"] = "tcp://10.0.0.1:5001";
    environment[service + "_PORT_5001_TCP_ADDR"] = "10.0.0.1";
  }
  EXPECT_THAT(parse_text(kLeast, environment).warnings, IsEmpty());
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_HTTP_PORT", "5001"}}).warnings,
              ElementsAre(HasSubstr("REGISTRY_HTTP_PORT: http.port: this key is not known")));
  const auto fields =
      parse_text(kLeast, {{"REGISTRY_LOG_FIELDS_SERVICE_HOST", "h"}}).config.log.fields;
  EXPECT_THAT(fields, ElementsAre(Pair("service_host", "h")));
}

TEST(Environment, IgnoresTheLoginsOfClients) {
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_AUTH_FILE", "/run/auth.json"}}).warnings, IsEmpty());
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

TEST(Environment, ReachesEveryServedKey) {
  const std::map<std::string, std::string> required = {
      {"health.file[].file", "/a"},
      {"health.tcp[].addr", ":1"},
      {"retention.rules[].repositories[]", "a"},
      {"validation.manifests.indexes.platformlist[].architecture", "arm64"},
      {"validation.manifests.indexes.platformlist[].os", "linux"}};
  Environment environment;
  for (const auto& key : known_keys()) {
    const bool has_free_name = key.path.find('*') != std::string::npos;
    if (key.fate != Fate::served || has_free_name || key.path == "version") continue;
    std::string name = "REGISTRY_";
    const bool is_list = key.path.ends_with("[]");
    for (const char c : key.path.substr(0, key.path.size() - (is_list ? 2 : 0))) {
      if (c == '[')
        name += "_0";
      else if (c != ']')
        name += c == '.' ? '_' : static_cast<char>(std::toupper(c));
    }
    environment[name] = required.contains(key.path) ? required.at(key.path) : "";
  }
  environment.erase("REGISTRY_STORAGE_INMEMORY");
  for (const auto& warning : parse_text(kLeast + kLists, environment).warnings)
    ADD_FAILURE() << warning;
}

TEST(Environment, MakesTheSectionOfReadOnly) {
  // 2.8 does not start with these.
  const auto [config, warnings] =
      parse_text(kLeast, {{"REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED", "true"},
                          {"REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED", "false"}});
  EXPECT_TRUE(config.storage.maintenance.readonly.enabled);
  EXPECT_FALSE(config.storage.maintenance.uploadpurging.enabled);
  EXPECT_THAT(warnings, IsEmpty());
  const auto whole =
      parse_text(kLeast, {{"REGISTRY_STORAGE_MAINTENANCE_READONLY", "{enabled: true}"}});
  EXPECT_TRUE(whole.config.storage.maintenance.readonly.enabled);
}

TEST(Environment, TakesTheNamesOfFieldsAndOfKeys) {
  const auto [config, warnings] =
      parse_text(kLeast, {{"REGISTRY_HEALTH_FILECHECKERS", "[{file: /a}]"},
                          {"REGISTRY_HEALTH_TCPCHECKERS_0_ADDR", ":1"},
                          {"REGISTRY_HEALTH_TCP_1_ADDR", ":2"},
                          {"REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES", "true"},
                          {"REGISTRY_NOTIFICATIONS_EVENTS_INCLUDEREFERENCES", "true"},
                          {"REGISTRY_COMPATIBILITY_SCHEMA1_TRUSTKEY", "/key"},
                          {"REGISTRY_COMPATIBILITY_SCHEMA1_SIGNINGKEYFILE", "/key"}});
  ASSERT_EQ(config.health.file.size(), 1U);
  EXPECT_EQ(config.health.file[0].file, "/a");
  ASSERT_EQ(config.health.tcp.size(), 2U);
  EXPECT_EQ(config.health.tcp[0].addr, ":1");
  EXPECT_EQ(config.health.tcp[1].addr, ":2");
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Environment, TakesTheNamesOfFieldsInLists) {
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_HEALTH_HTTPCHECKERS_0_URI", "http://h/"}}).warnings,
              ElementsAre(HasSubstr("REGISTRY_HEALTH_HTTPCHECKERS_0_URI: health.http: no URL")));
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_LOG_HOOKS_0_MAILOPTIONS_SMTP_ADDR", "h"}}).warnings,
              ElementsAre(HasSubstr("log.hooks: mail is not sent")));
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_LOG_HOOKS_0_OPTIONS_FROM", "a@b"}}).warnings,
              ElementsAre(HasSubstr("log.hooks: mail is not sent")));
}

TEST(Environment, GivesFreeNamesInLowerCase) {
  const auto [config, warnings] = parse_text(kLeast + "log: {fields: {Rack: 1, other: x}}\n",
                                             {{"REGISTRY_LOG_FIELDS_FOO", "bar"},
                                              {"REGISTRY_LOG_FIELDS_A_B", "5"},
                                              {"REGISTRY_LOG_FIELDS_RACK", "2"}});
  EXPECT_THAT(config.log.fields, ElementsAre(Pair("Rack", "2"), Pair("a_b", "5"),
                                             Pair("foo", "bar"), Pair("other", "x")));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Environment, FindsAHeaderInAnyCase) {
  const auto [config, warnings] =
      parse_text(kLeast + "http:\n  headers:\n    X-Foo: [a, b]\n    X-Text: c\n    X-Old: [d]\n",
                 {{"REGISTRY_HTTP_HEADERS_X-FOO_1", "B"},
                  {"REGISTRY_HTTP_HEADERS_X-TEXT_1", "C"},
                  {"REGISTRY_HTTP_HEADERS_X-OLD", "[D, E]"},
                  {"REGISTRY_HTTP_HEADERS_X-New", "F"},
                  {"REGISTRY_HTTP_HEADERS_X-LIST_0", "G"},
                  {"REGISTRY_HTTP_HEADERS_X_LOW", "H"}});
  EXPECT_THAT(config.http.headers,
              UnorderedElementsAre(
                  Pair("X-Foo", ElementsAre("a", "B")), Pair("X-Text", ElementsAre("c", "C")),
                  Pair("X-Old", ElementsAre("D", "E")), Pair("x-new", ElementsAre("F")),
                  Pair("x-list", ElementsAre("G")), Pair("x_low", ElementsAre("H"))));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Environment, RefusesToReachIntoWhatIsNoMap) {
  EXPECT_THAT(refusal(kLeast + "http: 5000\n", {{"REGISTRY_HTTP_ADDR", ":1"}}),
              HasSubstr("test.yml:4: http: must be a map of keys"));
  EXPECT_THAT(refusal(kLeast + "health: {tcp: {}}\n", {{"REGISTRY_HEALTH_TCP_0_ADDR", ":1"}}),
              HasSubstr("test.yml:4: health.tcp: must be a list"));
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_LOG", "debug"}, {"REGISTRY_LOG_LEVEL", "info"}}),
              HasSubstr("environment variable REGISTRY_LOG: log: must be a map of keys"));
}

TEST(Environment, CannotOpenWhatTheFileCloses) {
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_AUTH_HTPASSWD_PATH", "/x"}}),
              HasSubstr("environment variable REGISTRY_AUTH_HTPASSWD_PATH: auth.htpasswd: access"));
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_AUTH", "token"}}),
              HasSubstr("environment variable REGISTRY_AUTH: auth: access control"));
  EXPECT_THAT(refusal(kLeast + "auth: none\n", {{"REGISTRY_AUTH_TOKEN_REALM", "x"}}),
              HasSubstr("there is an access controller already, none"));
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_PROXY_REMOTEURL", "https://h"}}),
              HasSubstr("environment variable REGISTRY_PROXY_REMOTEURL: proxy.remoteurl:"));
  EXPECT_THAT(
      refusal("version: 0.1\n", {{"REGISTRY_STORAGE_S3_BUCKET", "b"}}),
      HasSubstr("environment variable REGISTRY_STORAGE_S3_BUCKET: storage.s3: this driver"));
  EXPECT_EQ(refusal(kLeast + "auth: {htpasswd: {realm: r}}\n", {{"REGISTRY_AUTH", ""}}), "");
}

TEST(Environment, ReachesIntoOptionsOfAnyName) {
  EXPECT_THAT(parse_text(kLeast, {{"REGISTRY_MIDDLEWARE_STORAGE_0_NAME", "redirect"},
                                  {"REGISTRY_MIDDLEWARE_STORAGE_0_OPTIONS_BASEURL", "https://h"}})
                  .warnings,
              ElementsAre(HasSubstr("middleware.storage: has no effect")));
}

}  // namespace
}  // namespace registry::config
