#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::IsEmpty;

using std::chrono::seconds;

TEST(Health, ChecksNothingByDefault) {
  const auto health = parse_text(kLeast).config.health;
  EXPECT_FALSE(health.storagedriver.enabled);
  EXPECT_EQ(health.storagedriver.interval, seconds(10));
  EXPECT_EQ(health.storagedriver.threshold, 0U);
  EXPECT_THAT(health.file, IsEmpty());
  EXPECT_THAT(health.tcp, IsEmpty());
}

TEST(Health, ChecksTheStore) {
  const auto [config, warnings] = parse_text(
      kLeast + "health:\n  storagedriver: {enabled: true, interval: 5s, threshold: 3}\n");
  EXPECT_TRUE(config.health.storagedriver.enabled);
  EXPECT_EQ(config.health.storagedriver.interval, seconds(5));
  EXPECT_EQ(config.health.storagedriver.threshold, 3U);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Health, ChecksFiles) {
  const auto [config, warnings] = parse_text(
      kLeast + "health:\n  file:\n    - {file: /a, interval: 5s}\n    - {file: b, threshold: 2}\n");
  ASSERT_EQ(config.health.file.size(), 2U);
  EXPECT_EQ(config.health.file[0].file, "/a");
  EXPECT_EQ(config.health.file[0].interval, seconds(5));
  EXPECT_EQ(config.health.file[1].file, "b");
  EXPECT_EQ(config.health.file[1].interval, seconds(10));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Health, ChecksPorts) {
  const auto [config, warnings] =
      parse_text(kLeast +
                 "health:\n  tcp:\n    - {addr: 'h:1', timeout: 1s, interval: 2s, threshold: 3}\n"
                 "    - {addr: ':2'}\n");
  ASSERT_EQ(config.health.tcp.size(), 2U);
  EXPECT_EQ(config.health.tcp[0].addr, "h:1");
  EXPECT_EQ(config.health.tcp[0].timeout, seconds(1));
  EXPECT_EQ(config.health.tcp[0].interval, seconds(2));
  EXPECT_EQ(config.health.tcp[0].threshold, 3U);
  EXPECT_EQ(config.health.tcp[1].timeout, seconds(5));
  EXPECT_EQ(config.health.tcp[1].interval, seconds(10));
  EXPECT_EQ(config.health.tcp[1].threshold, 0U);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Health, RefusesWhatCannotBeChecked) {
  expect_refusals(
      {{"health:\n  storagedriver:\n    interval: 0s", "test.yml:6: health.storagedriver.interval"},
       {"health: {storagedriver: {threshold: -1}}", "threshold: must be a whole number"},
       {"health:\n  file:\n    - interval: 5s", "test.yml:6: health.file[0].file: is missing"},
       {"health:\n  file:\n    - {file: ''}", "health.file[0].file: is missing, or is empty"},
       {"health:\n  file:\n    -", "health.file[0].file: is missing"},
       {"health:\n  file:\n    - /a", "test.yml:6: health.file[0]: must be a map of keys"},
       {"health:\n  file:\n    - [/a]", "health.file[0]: must be a map of keys"},
       {"health:\n  file: /a", "test.yml:5: health.file: must be a list"},
       {"health:\n  file: {file: /a}", "test.yml:5: health.file: must be a list"},
       {"health:\n  file:\n    - {file: /a, interval: 0}", "interval: must be longer than nothing"},
       {"health:\n  tcp:\n    - timeout: 5s", "test.yml:6: health.tcp[0].addr: is missing"},
       {"health:\n  tcp:\n    - addr: :1\n    - addr: h",
        "test.yml:7: health.tcp[1].addr: must be"},
       {"health:\n  tcp:\n    - {addr: ':1', timeout: 0s}", "timeout: must be longer than nothing"},
       {"health:\n  tcp:\n    - {addr: ':1', interval: 0s}", "interval: must be longer than"}});
}

TEST(Health, AsksNoUrl) {
  const std::string check =
      "    - {uri: 'http://h/', headers: {A: [b], C: d}, statuscode: 200, timeout: 5s, interval: "
      "10s, threshold: 3}\n";
  expect_warning("health:\n  http:\n" + check + check, "test.yml:5: health.http: no URL is asked");
  expect_no_warning("health: {http: []}\n");
  expect_refusals({{"health: {http: [{statuscode: ok}]}", "must be a whole number"},
                   {"health: {http: [{timeout: long}]}", "must be a duration"},
                   {"health: {http: [{headers: {A: {}}}]}", "headers.A: must be a list of texts"}});
}

TEST(Health, WarnsOfUnknownKeysInLists) {
  expect_warning("health:\n  tcp:\n    - {addr: ':1', time: 5s}\n", "health.tcp[0].time: this key");
  expect_warning("health:\n  file:\n    - {file: a}\n    - {file: b, intervals: 5s}\n",
                 "test.yml:7: health.file[1].intervals: this key is not known and has no effect; "
                 "did you mean health.file[1].interval?");
  expect_warning("health: {storagedrivers: {}}\n", "did you mean health.storagedriver?");
}

}  // namespace
}  // namespace registry::config
