#include "registry/config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "parsing.hpp"

namespace registry::config {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Config, HasDefaultsForAllButVersionAndDriver) {
  const auto [config, warnings] = parse_text(kLeast);
  EXPECT_EQ(config.log.level, base::log::Level::info);
  EXPECT_EQ(config.log.formatter, base::log::Formatter::text);
  EXPECT_FALSE(config.log.accesslog.disabled);
  EXPECT_EQ(config.storage.driver, Driver::filesystem);
  EXPECT_EQ(config.storage.filesystem.rootdirectory, "/var/lib/registry");
  EXPECT_EQ(config.storage.filesystem.maxthreads, 100U);
  EXPECT_FALSE(config.storage.remove.enabled);
  EXPECT_EQ(config.http.addr, "");
  EXPECT_EQ(config.http.secret, "");
  EXPECT_EQ(config.http.draintimeout, seconds(0));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Config, ReadsEveryKey) {
  const auto [config, warnings] = parse_text(R"(
version: 0.1
log:
  level: debug
  formatter: json
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: /srv/store
    maxthreads: 30
  delete:
    enabled: true
http:
  addr: localhost:5001
  secret: a secret
  draintimeout: 90s
)");
  EXPECT_EQ(config.log.level, base::log::Level::debug);
  EXPECT_EQ(config.log.formatter, base::log::Formatter::json);
  EXPECT_TRUE(config.log.accesslog.disabled);
  EXPECT_EQ(config.storage.filesystem.rootdirectory, "/srv/store");
  EXPECT_EQ(config.storage.filesystem.maxthreads, 30U);
  EXPECT_TRUE(config.storage.remove.enabled);
  EXPECT_EQ(config.http.addr, "localhost:5001");
  EXPECT_EQ(config.http.secret, "a secret");
  EXPECT_EQ(config.http.draintimeout, seconds(90));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Config, TakesNullForAbsent) {
  const auto [config, warnings] = parse_text(
      kLeast +
      "    rootdirectory:\n    maxthreads: ~\n  delete:\nlog:\n  level:\n  accesslog: null\n"
      "http:\n  addr:\n  draintimeout:\n");
  EXPECT_EQ(config.storage.filesystem.rootdirectory, "/var/lib/registry");
  EXPECT_EQ(config.storage.filesystem.maxthreads, 100U);
  EXPECT_EQ(config.log.level, base::log::Level::info);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Config, ReadsWordsInAnyCase) {
  using base::log::Formatter;
  using base::log::Level;
  for (const auto& [word, level] : {std::pair("error", Level::error),
                                    {"WARN", Level::warn},
                                    {"Info", Level::info},
                                    {"dEBUG", Level::debug}}) {
    EXPECT_EQ(parse_text(kLeast + "log: {level: " + word + "}").config.log.level, level);
  }
  for (const auto& [word, formatter] : {std::pair("text", Formatter::text),
                                        {"JSON", Formatter::json},
                                        {"Logstash", Formatter::logstash}}) {
    EXPECT_EQ(parse_text(kLeast + "log: {formatter: " + word + "}").config.log.formatter,
              formatter);
  }
}

TEST(Config, RaisesTooFewThreads) {
  EXPECT_EQ(parse_text(kLeast + "    maxthreads: 1").config.storage.filesystem.maxthreads, 25U);
  EXPECT_EQ(parse_text(kLeast + "    maxthreads: 0").config.storage.filesystem.maxthreads, 25U);
  EXPECT_EQ(parse_text(kLeast + "    maxthreads: 999999").config.storage.filesystem.maxthreads,
            10'000U);
}

TEST(Config, TakesAnyHostAndPort) {
  for (const char* address : {":5000", "0.0.0.0:80", "'[::1]:65535'", "localhost:0"}) {
    EXPECT_EQ(refusal(kLeast + "http:\n  addr: " + address), "") << address;
  }
}

struct WrongValue {
  const char* text;  // behind kLeast, which has three lines
  const char* says;
};

class WrongValues : public testing::TestWithParam<WrongValue> {};

TEST_P(WrongValues, NameFileLineAndKey) {
  EXPECT_THAT(refusal(kLeast + GetParam().text), HasSubstr(GetParam().says)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Config, WrongValues,
    testing::Values(
        WrongValue{"log:\n  level: loud", "test.yml:5: log.level: must be one of error, warn"},
        WrongValue{"log:\n  level: [info]", "test.yml:5: log.level: must be one word"},
        WrongValue{"log:\n\n  formatter: xml", "test.yml:6: log.formatter: must be one of text"},
        WrongValue{"log:\n  accesslog:\n    disabled: 7", "test.yml:6: log.accesslog.disabled:"},
        WrongValue{"log:\n  accesslog:\n    disabled: 'true'",
                   "test.yml:6: log.accesslog.disabled: must be true or false, without quotes"},
        WrongValue{"log: [a]", "test.yml:4: log: must be a map"},
        WrongValue{"log: debug", "test.yml:4: log: must be a map"},
        WrongValue{"log:\n  accesslog: false", "test.yml:5: log.accesslog: must be a map"},
        WrongValue{"    rootdirectory: relative",
                   "test.yml:4: storage.filesystem.rootdirectory: must be an absolute path"},
        WrongValue{"    rootdirectory: ''", "test.yml:4: storage.filesystem.rootdirectory:"},
        WrongValue{"    rootdirectory: {}", "test.yml:4: storage.filesystem.rootdirectory:"},
        WrongValue{"    maxthreads: many",
                   "test.yml:4: storage.filesystem.maxthreads: must be a whole number"},
        WrongValue{"    maxthreads: -1", "test.yml:4: storage.filesystem.maxthreads:"},
        WrongValue{"    maxthreads: 1.5", "test.yml:4: storage.filesystem.maxthreads:"},
        WrongValue{"    maxthreads: 99999999999999999999", "storage.filesystem.maxthreads:"},
        WrongValue{"  delete:\n    enabled: maybe", "test.yml:5: storage.delete.enabled:"},
        WrongValue{"  delete:\n    enabled: \"true\"", "test.yml:5: storage.delete.enabled:"},
        WrongValue{"  delete: true", "test.yml:4: storage.delete: must be a map"},
        WrongValue{"  delete: []", "test.yml:4: storage.delete: must be a map"},
        WrongValue{"http: 5000", "test.yml:4: http: must be a map"},
        WrongValue{"http:\n  addr: localhost", "test.yml:5: http.addr: must be host:port"},
        WrongValue{"http:\n  addr: 'localhost:'", "test.yml:5: http.addr:"},
        WrongValue{"http:\n  addr: localhost:http", "test.yml:5: http.addr:"},
        WrongValue{"http:\n  addr: :65536", "test.yml:5: http.addr:"},
        WrongValue{"http:\n  addr: :-1", "test.yml:5: http.addr:"},
        WrongValue{"http:\n  addr: :000080", "test.yml:5: http.addr:"},
        WrongValue{"http:\n  addr: [a]", "test.yml:5: http.addr: must be a text"},
        WrongValue{"http:\n  draintimeout: soon",
                   "test.yml:5: http.draintimeout: must be a duration such as 30s"},
        WrongValue{"http:\n  draintimeout: -5s", "test.yml:5: http.draintimeout:"}),
    [](const auto& info) { return "Case" + std::to_string(info.index); });

TEST(Config, RefusesAKeyThatIsGivenTwice) {
  EXPECT_THAT(refusal(kLeast + "http:\n  addr: :1\n  addr: :2\n"),
              HasSubstr("http.addr: is given twice"));
  EXPECT_THAT(refusal(kLeast + "version: 0.1\n"), HasSubstr("version: is given twice"));
  EXPECT_THAT(refusal(kLeast + "http:\n  x: 1\n  x: 2\n"), HasSubstr("http.x: is given twice"));
}

TEST(Config, WarnsOfAKeyThatIsNotKnown) {
  EXPECT_THAT(parse_text(kLeast + "http:\n  adr: :1\n").warnings,
              ElementsAre("test.yml:5: http.adr: this key is not known and has no effect; did you "
                          "mean http.addr?"));
  EXPECT_THAT(parse_text(kLeast + "elsewhere:\n  a: x\n").warnings,
              ElementsAre("test.yml:4: elsewhere: this key is not known and has no effect"));
  EXPECT_THAT(parse_text(kLeast + "    maxthread: 1\n").warnings,
              ElementsAre(HasSubstr("did you mean storage.filesystem.maxthreads?")));
  EXPECT_THAT(parse_text(kLeast + "log:\n  accesslog:\n    enabled: true\n").warnings,
              ElementsAre(HasSubstr("test.yml:6: log.accesslog.enabled:")));
}

TEST(Config, WarnsOfEveryUnknownKey) {
  EXPECT_EQ(parse_text(kLeast + "a: 1\nb: 2\nhttp:\n  c: 3\n").warnings.size(), 3U);
}

TEST(Config, KeysAreInLowerCase) {
  EXPECT_THAT(parse_text(kLeast + "HTTP:\n  addr: :1\n").warnings,
              ElementsAre(HasSubstr("test.yml:4: HTTP:")));
}

TEST(Config, IsOfVersion01) {
  EXPECT_EQ(refusal("version: '0.1'\nstorage: inmemory"), "");
  EXPECT_THAT(refusal("version: 0.2\nstorage: inmemory"),
              StartsWith("test.yml:1: version: must be 0.1, not \"0.2\""));
  EXPECT_THAT(refusal("storage: inmemory"), HasSubstr("version: must be 0.1"));
  EXPECT_THAT(refusal("version: 0.10\nstorage: inmemory"), HasSubstr("version"));
}

TEST(Config, NeedsExactlyOneDriver) {
  EXPECT_THAT(refusal("version: 0.1"), HasSubstr("storage: no driver"));
  EXPECT_THAT(refusal("version: 0.1\nstorage:\n  delete:\n    enabled: true"),
              HasSubstr("storage: no driver"));
  EXPECT_THAT(refusal(kLeast + "  inmemory:\n"),
              HasSubstr("test.yml:4: storage.inmemory: there is a driver already, filesystem"));
  EXPECT_THAT(refusal("version: 0.1\nstorage:\n  s3:\n    region: x\n"),
              HasSubstr("test.yml:3: storage.s3: this driver is not available"));
  EXPECT_THAT(refusal("version: 0.1\nstorage:\n  floppy:\n"), HasSubstr("no driver"));
  EXPECT_THAT(refusal("version: 0.1\nstorage: floppy\n"), HasSubstr("test.yml:2: storage"));
  EXPECT_THAT(refusal("version: 0.1\nstorage: [filesystem]\n"), HasSubstr("must be a map"));
}

TEST(Config, CanKeepEverythingInMemory) {
  for (const char* storage : {"storage: inmemory", "storage:\n  inmemory:\n",
                              "storage:\n  inmemory: {}\n  delete: {enabled: true}"}) {
    const auto loaded = parse_text("version: 0.1\n" + std::string(storage));
    EXPECT_EQ(loaded.config.storage.driver, Driver::inmemory) << storage;
    EXPECT_THAT(loaded.warnings, IsEmpty()) << storage;
  }
}

TEST(Config, RefusesBrokenYamlWithItsLine) {
  EXPECT_THAT(refusal("version: 0.1\nstorage: {\n"), StartsWith("test.yml:"));
  EXPECT_THAT(refusal("version: 0.1\n  bad: indentation\n"), StartsWith("test.yml:2: "));
  EXPECT_THAT(refusal("version: 0.1\n\n\tstorage: x\n"), StartsWith("test.yml:3: "));
  EXPECT_THAT(refusal("a: *nowhere\n"), StartsWith("test.yml:1: "));
}

TEST(Config, IsAMap) {
  for (const char* text : {"", "# nothing\n", "text", "- a\n- b\n", "5", "~"}) {
    EXPECT_THAT(refusal(text), StartsWith("test.yml:1: a configuration is a map")) << text;
  }
}

TEST(Config, ThatCannotBeReadIsNamed) {
  try {
    load("/nonexistent/config.yml", {});
    FAIL();
  } catch (const Invalid& error) {
    EXPECT_STREQ(error.what(),
                 "/nonexistent/config.yml: cannot be read, or is empty: No such file or directory");
  }
  EXPECT_THROW(load("/", {}), Invalid);
}

TEST(Config, LimitsAnswers) {
  const auto limits = [](const std::string& text) {
    const auto loaded = parse_text(kLeast + text);
    EXPECT_THAT(loaded.warnings, IsEmpty());
    return std::pair(loaded.config.catalog.maxentries, loaded.config.tags.maxtags);
  };
  EXPECT_EQ(limits(""), std::pair(1000UL, 0UL));
  EXPECT_EQ(limits("catalog: {maxentries: 7}\ntags: {maxtags: 8}\n"), std::pair(7UL, 8UL));
  EXPECT_EQ(limits("catalog: {maxentries: 0}\ntags: {maxtags: 0}\n"), std::pair(1000UL, 0UL));
  EXPECT_EQ(limits("catalog: {maxentries: -5}\ntags: {maxtags: -5}\n"), std::pair(1000UL, 0UL));
  expect_refusals({{"catalog: {maxentries: many}", "test.yml:4: catalog.maxentries: must be a who"},
                   {"tags: {maxtags: 1.5}", "tags.maxtags: must be a whole number"},
                   {"tags: 5", "tags: must be a map"}});
}

TEST(Config, HasClassesOfRepositories) {
  const auto classes = [](const std::string& text) {
    return parse_text(kLeast + "policy: {repository: {classes: " + text + "}}")
        .config.policy.repository.classes;
  };
  EXPECT_THAT(classes("[image, plugin]"), ElementsAre("image", "plugin"));
  EXPECT_THAT(classes("image"), ElementsAre("image"));
  EXPECT_THAT(classes("[]"), IsEmpty());
  EXPECT_THAT(classes(""), IsEmpty());
  expect_refusals({{"policy:\n  repository:\n    classes:\n      - image\n      - images",
                    "test.yml:8: policy.repository.classes[1]: must be image or plugin"}});
}

TEST(Config, OfTheStockImageOf28IsReadWithoutAWarning) {
  const auto loaded = parse_text(R"(version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
)");
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_TRUE(loaded.config.health.storagedriver.enabled);
}

TEST(Config, IsNoLargerThanAMebibyte) {
  const std::string comment = "#" + std::string(1022, 'x') + "\n";
  std::string text = kLeast;
  while (text.size() + comment.size() <= std::size_t{1} << 20) text += comment;
  EXPECT_EQ(refusal(text), "");
  EXPECT_EQ(refusal(text + comment), "test.yml: is larger than 1 MiB");
  try {
    load("/dev/zero", {});
    FAIL();
  } catch (const Invalid& error) {
    EXPECT_STREQ(error.what(), "/dev/zero: is larger than 1 MiB");
  }
}

TEST(Config, OfTheProjectIsReadWithoutAWarning) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "../../config/config.yml";
  const auto [config, warnings] = load(file.string(), {});
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_EQ(config.http.addr, ":5000");
  EXPECT_EQ(config.storage.filesystem.rootdirectory, "/var/lib/registry");
}

}  // namespace
}  // namespace registry::config
