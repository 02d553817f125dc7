#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(Log, HasFieldsOfAnyScalar) {
  const auto [config, warnings] = parse_text(
      kLeast + "log:\n  fields: {service: registry, Rack: 12, spare: true, share: 0.5, none: }\n");
  EXPECT_THAT(config.log.fields,
              ElementsAre(Pair("Rack", "12"), Pair("none", ""), Pair("service", "registry"),
                          Pair("share", "0.5"), Pair("spare", "true")));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Log, HasNoFieldsByDefault) {
  EXPECT_THAT(parse_text(kLeast).config.log.fields, IsEmpty());
  EXPECT_THAT(parse_text(kLeast + "log:\n  fields:\n").config.log.fields, IsEmpty());
}

TEST(Log, RefusesAFieldThatIsNoScalar) {
  expect_refusals({{"log:\n  fields:\n    a: [1]", "test.yml:6: log.fields.a: must be a text"},
                   {"log:\n  fields:\n    a: {b: 1}", "test.yml:6: log.fields.a: must be a text"},
                   {"log:\n  fields: [a]", "log.fields: must be a map"},
                   {"log:\n  fields: a", "test.yml:5: log.fields: must be a map"}});
}

TEST(Log, TakesTheDeprecatedLevelWithAWarning) {
  const auto [config, warnings] = parse_text(kLeast + "loglevel: debug\n");
  EXPECT_EQ(config.log.level, base::log::Level::debug);
  EXPECT_THAT(warnings, ElementsAre("test.yml:4: loglevel: is deprecated: use log.level"));
}

TEST(Log, PrefersTheLevelThatIsNotDeprecated) {
  const auto [config, warnings] = parse_text(kLeast + "loglevel: debug\nlog: {level: error}\n");
  EXPECT_EQ(config.log.level, base::log::Level::error);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("log.level, which is given too, and counts")));
}

TEST(Log, RefusesADeprecatedLevelThatIsNone) {
  expect_refusals({{"loglevel: loud", "test.yml:4: loglevel: must be one of error, warn"}});
}

TEST(Log, TakesANullLevelForAbsent) {
  const auto [config, warnings] = parse_text(kLeast + "loglevel:\n");
  EXPECT_EQ(config.log.level, base::log::Level::info);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Log, WarnsOnceOfHooks) {
  const std::string hook =
      "    - type: mail\n      disabled: false\n      levels: [panic]\n      options:\n"
      "        smtp: {addr: 'mail:25', username: u, password: p, insecure: true}\n"
      "        from: a@b\n        to: [c@d]\n";
  expect_warning("log:\n  hooks:\n" + hook + hook, "test.yml:5: log.hooks: mail is not sent");
  expect_no_warning("log:\n  hooks: []\n");
  expect_no_warning("log:\n  hooks:\n");
}

TEST(Log, LooksAtTheTypesOfHooks) {
  expect_refusals(
      {{"log:\n  hooks: {type: mail}", "test.yml:5: log.hooks: must be a list"},
       {"log:\n  hooks:\n    - mail", "test.yml:6: log.hooks[0]: must be a map of keys"},
       {"log:\n  hooks:\n    - {}\n    - type: [mail]", "test.yml:7: log.hooks[1].type: must be"},
       {"log:\n  hooks:\n    - options: {smtp: {insecure: 5}}", "smtp.insecure: must be true or"}});
}

TEST(Log, WarnsOfAnUnknownKeyInAHook) {
  EXPECT_THAT(parse_text(kLeast + "log:\n  hooks:\n    - {kind: mail}\n").warnings,
              ElementsAre(HasSubstr("test.yml:6: log.hooks[0].kind: this key is not known"),
                          HasSubstr("log.hooks: mail is not sent")));
}

TEST(Log, DoesNotNameCallers) {
  expect_warning("log:\n  reportcaller: true\n", "test.yml:5: log.reportcaller: has no effect");
  expect_no_warning("log:\n  reportcaller: false\n");
  expect_refusals({{"log:\n  reportcaller: 5", "log.reportcaller: must be true or false"}});
}

}  // namespace
}  // namespace registry::config
