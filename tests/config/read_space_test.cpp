#include "parsing.hpp"

namespace registry::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Garbagecollection, HasItsDefaults) {
  const auto collection = parse_text(kLeast).config.garbagecollection;
  EXPECT_TRUE(collection.enabled);
  EXPECT_EQ(collection.interval, 1h);
  EXPECT_EQ(collection.grace, 1h);
  EXPECT_EQ(collection.mingrace, 5min);
}

TEST(Garbagecollection, IsRead) {
  const auto [config, warnings] = parse_text(
      kLeast + "garbagecollection: {enabled: false, interval: 1s, grace: 2s, mingrace: 2s}\n");
  EXPECT_FALSE(config.garbagecollection.enabled);
  EXPECT_EQ(config.garbagecollection.interval, 1s);
  EXPECT_EQ(config.garbagecollection.grace, 2s);
  EXPECT_EQ(config.garbagecollection.mingrace, 2s);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Garbagecollection, RefusesTimesThatDoNotFit) {
  expect_refusals(
      {{"garbagecollection:\n  grace: 1m\n  mingrace: 2m\n",
        "test.yml:6: garbagecollection.mingrace: must not be longer than garbagecollection.grace, "
        "which is 1m"},
       {"garbagecollection: {grace: 1m}\n", "garbagecollection.mingrace: must not be longer"},
       {"garbagecollection: {interval: 0}\n", "interval: must be longer than nothing"},
       {"garbagecollection: {mingrace: 0s}\n", "mingrace: must be longer than nothing"},
       {"garbagecollection: {grace: soon}\n", "grace: must be a duration"},
       {"garbagecollection: on\n", "garbagecollection: must be a map of keys"}});
}

TEST(Garbagecollection, WarnsOfUnknownKeys) {
  expect_warning("garbagecollection: {mingrase: 1m}\n", "did you mean garbagecollection.mingrace?");
}

TEST(Capacity, HasItsDefaults) {
  const auto capacity = parse_text(kLeast).config.capacity;
  EXPECT_EQ(capacity.limit, 0U);
  EXPECT_EQ(capacity.high, 90U);
  EXPECT_EQ(capacity.low, 80U);
  EXPECT_EQ(capacity.reserve, 64U << 20U);
  EXPECT_FALSE(capacity.evict);
  EXPECT_THAT(capacity.protect, IsEmpty());
}

TEST(Capacity, IsRead) {
  const auto [config, warnings] = parse_text(kLeast +
                                             "capacity: {limit: 10GiB, high: 95%, low: 70%, "
                                             "reserve: 0, evict: true, protect: [latest, v*]}\n");
  EXPECT_EQ(config.capacity.limit, 10ULL << 30U);
  EXPECT_EQ(config.capacity.high, 95U);
  EXPECT_EQ(config.capacity.low, 70U);
  EXPECT_EQ(config.capacity.reserve, 0U);
  EXPECT_TRUE(config.capacity.evict);
  EXPECT_THAT(config.capacity.protect, ElementsAre("latest", "v*"));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Capacity, RefusesWhatIsWrong) {
  expect_refusals(
      {{"capacity:\n  limit: 10GB\n",
        "test.yml:5: capacity.limit: must be a size such as 64MiB, 1.5GiB or a number of bytes, "
        "not \"10GB\""},
       {"capacity: {high: 90}\n", "capacity.high: must be a whole percentage from 0% to 100%"},
       {"capacity: {high: 101%}\n", "capacity.high: must be a whole percentage"},
       {"capacity: {low: 90%}\n", "capacity.low: must be less than capacity.high, which is 90%"},
       {"capacity: {high: 80%}\n", "capacity.low: must be less than capacity.high, which is 80%"},
       {"capacity: {protect: ['v[0-9]']}\n", "capacity.protect[0]: must be a name, or a pattern"},
       {"capacity: {protects: [v1]}\n",
        "capacity.protects: this key is not known; did you mean capacity.protect?"},
       {"capacity: {reserve: [1]}\n", "capacity.reserve: must be a size"}});
}

TEST(Capacity, IsOverriddenByVariables) {
  const auto [config, warnings] =
      parse_text(kLeast + "capacity: {high: 95%}\n", {{"REGISTRY_CAPACITY_LIMIT", "2GiB"},
                                                      {"REGISTRY_CAPACITY_HIGH", "85%"},
                                                      {"REGISTRY_CAPACITY_PROTECT_0", "v*"}});
  EXPECT_EQ(config.capacity.limit, 2ULL << 30U);
  EXPECT_EQ(config.capacity.high, 85U);
  EXPECT_THAT(config.capacity.protect, ElementsAre("v*"));
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_THAT(refusal(kLeast, {{"REGISTRY_CAPACITY_RESERVE", "much"}}),
              HasSubstr("environment variable REGISTRY_CAPACITY_RESERVE: capacity.reserve: must"));
}

std::vector<std::pair<std::string, std::uint64_t>> quotas(const std::string& text,
                                                          const Environment& environment = {}) {
  std::vector<std::pair<std::string, std::uint64_t>> pairs;
  for (const auto& quota : parse_text(kLeast + text, environment).config.quota) {
    pairs.emplace_back(quota.repositories, quota.bytes);
  }
  return pairs;
}

TEST(Quota, IsAListInTheOrderOfTheFile) {
  EXPECT_THAT(quotas(""), IsEmpty());
  EXPECT_THAT(quotas("quota:\n  team/*: 2GiB\n  app: 512\n  '**': 4GiB\n"),
              ElementsAre(std::pair("team/*", 2ULL << 30U), std::pair("app", 512U),
                          std::pair("**", 4ULL << 30U)));
  EXPECT_THAT(quotas("quota: {'a': ~, 'b': 0}\n"), ElementsAre(std::pair("b", 0U)));
  expect_no_warning("quota: {'team/*': 2GiB}\n");
}

TEST(Quota, KeepsItsOrderWhereAVariableChangesOne) {
  EXPECT_THAT(quotas("quota: {'team/*': 2GiB, '**': 4GiB}\n",
                     {{"REGISTRY_QUOTA_TEAM/*", "3GiB"}, {"REGISTRY_QUOTA_LAST", "1"}}),
              ElementsAre(std::pair("team/*", 3ULL << 30U), std::pair("**", 4ULL << 30U),
                          std::pair("last", 1U)));
}

TEST(Quota, RefusesWhatIsWrong) {
  expect_refusals({{"quota:\n  'team/*': lots\n", "test.yml:5: quota.team/*: must be a size"},
                   {"quota: {'a{b}': 1}\n", "quota.a{b}: must be a name, or a pattern with *"},
                   {"quota: 1GiB\n", "quota: must be a map of keys"}});
}

TEST(Scrub, HasItsDefaults) {
  const auto scrub = parse_text(kLeast).config.scrub;
  EXPECT_FALSE(scrub.enabled);
  EXPECT_EQ(scrub.interval, 168h);
  EXPECT_EQ(scrub.rate, 10U << 20U);
}

TEST(Scrub, IsRead) {
  const auto [config, warnings] =
      parse_text(kLeast + "scrub: {enabled: true, interval: 24h, rate: 1000}\n");
  EXPECT_TRUE(config.scrub.enabled);
  EXPECT_EQ(config.scrub.interval, 24h);
  EXPECT_EQ(config.scrub.rate, 1000U);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Scrub, RefusesWhatIsWrong) {
  expect_refusals({{"scrub: {rate: 0}\n", "scrub.rate: must be more than nothing"},
                   {"scrub: {interval: 0s}\n", "scrub.interval: must be longer than nothing"},
                   {"scrub: {enabled: 1}\n", "scrub.enabled: must be true or false"}});
  expect_warning("scrub: {rates: 1}\n", "did you mean scrub.rate?");
}

}  // namespace
}  // namespace registry::config
