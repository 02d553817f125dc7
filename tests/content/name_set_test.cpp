#include "registry/content/name_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace registry::content {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

std::vector<std::string> behind(const NameSet& names, std::string_view after,
                                std::size_t limit = 1'000'000) {
  std::vector<std::string> seen;
  names.visit(after, [&](std::string_view name) {
    if (seen.size() == limit) return false;
    seen.emplace_back(name);
    return true;
  });
  return seen;
}

// Names that share beginnings, and some as long as one can be.
class Names {
 public:
  explicit Names(unsigned seed) : random_(seed) {}
  std::size_t number(std::size_t below) { return random_() % below; }
  std::string any() {
    static const std::vector<std::string> kStems = {"", "a", "v1.", "team/project-",
                                                    std::string(200, 'x')};
    auto name = kStems[number(kStems.size())] + std::to_string(number(3000));
    if (number(50) == 0) name.resize(255, '\xff');
    if (number(50) == 0) name[0] = '\0';
    return name;
  }

 private:
  std::mt19937 random_;
};

TEST(NameSet, IsEmptyAtFirst) {
  NameSet names;
  EXPECT_EQ(names.size(), 0U);
  EXPECT_FALSE(names.contains("a"));
  EXPECT_FALSE(names.erase("a"));
  EXPECT_THAT(behind(names, ""), IsEmpty());
  names.insert_all({});
  EXPECT_EQ(names.size(), 0U);
}

TEST(NameSet, IsInByteOrder) {
  NameSet names;
  for (const char* name : {"b", "a", "B", "10", "9", "\xff", "a-b", "a"}) names.insert(name);
  EXPECT_THAT(behind(names, ""), ElementsAre("10", "9", "B", "a", "a-b", "b", "\xff"));
  EXPECT_THAT(behind(names, "a"), ElementsAre("a-b", "b", "\xff"));
  EXPECT_THAT(behind(names, "a", 1), ElementsAre("a-b"));
  EXPECT_THAT(behind(names, std::string(300, 'a')), ElementsAre("b", "\xff"));
}

TEST(NameSet, IsWhatASetIs) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Names random(seed);
    NameSet names;
    std::set<std::string, std::less<>> wanted;
    for (int i = 0; i < 30'000; ++i) {
      const auto name = random.any();
      // It grows, and shrinks to nearly nothing.
      const bool is_to_grow = i < 15'000 ? random.number(4) > 0 : random.number(4) == 0;
      if (is_to_grow) {
        ASSERT_EQ(names.insert(name), wanted.insert(name).second) << name;
      } else {
        const auto victim = wanted.lower_bound(name);
        const auto gone = victim == wanted.end() ? name : *victim;
        ASSERT_EQ(names.erase(gone), wanted.erase(gone) > 0) << gone;
      }
      ASSERT_EQ(names.size(), wanted.size());
      const auto other = random.any();
      ASSERT_EQ(names.contains(other), wanted.contains(other)) << other;
      if (i % 1000 == 0) {
        const std::vector<std::string> rest(wanted.upper_bound(other), wanted.end());
        ASSERT_THAT(behind(names, other), ElementsAreArray(rest));
      }
    }
    EXPECT_THAT(behind(names, ""), ElementsAreArray(wanted));
  }
}

TEST(NameSet, TakesManyAtOnce) {
  Names random(7);
  NameSet names;
  std::set<std::string> wanted;
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> batch;
    for (std::size_t n = random.number(500); n > 0; --n) batch.push_back(random.any());
    names.insert_all({batch.begin(), batch.end()});
    wanted.insert(batch.begin(), batch.end());
    ASSERT_EQ(names.size(), wanted.size());
    ASSERT_THAT(behind(names, ""), ElementsAreArray(wanted));
    for (int i = 0; i < 20; ++i) {
      const auto name = random.any();
      ASSERT_EQ(names.insert(name), wanted.insert(name).second);
    }
  }
}

TEST(NameSet, IsBuiltOfNamesInAnyOrder) {
  NameSetBuilder builder;
  std::set<std::string> wanted;
  for (int i = 0; i < 50'000; ++i) {
    const auto name = std::to_string(i * 7919 % 50'000);
    builder.add(name);
    if (i % 3 == 0) builder.add(name);
    wanted.insert(name);
  }
  const auto names = builder.finish();
  EXPECT_EQ(names.size(), wanted.size());
  EXPECT_THAT(behind(names, ""), ElementsAreArray(wanted));
}

// As docs/architecture.md has it.
TEST(NameSet, CostsLittleMoreThanWhatItsNamesDoNotShare) {
  NameSet one_by_one;
  NameSetBuilder builder;
  for (int i = 0; i < 100'000; ++i) {
    const auto name = "group-" + std::to_string(i % 100) + "/project-" + std::to_string(i);
    one_by_one.insert(name);
    builder.add(name);
  }
  EXPECT_LT(builder.finish().bytes(), 8U * 100'000);
  EXPECT_LT(one_by_one.bytes(), 12U * 100'000);
  NameSet small;
  small.insert("latest");
  EXPECT_LT(small.bytes(), 100U);
}

// Chunks that have become small are put together, or each would have the long beginning for itself.
TEST(NameSet, CostsLittleWhenMostOfItsNamesAreGone) {
  constexpr int kNames = 12'000, kKept = 60;
  NameSet names;
  const auto name = [](int i) { return std::string(200, 'p') + std::to_string(100'000 + i); };
  for (int i = 0; i < kNames; ++i) names.insert(name(i));
  for (int i = 0; i < kNames; ++i) {
    if (i % (kNames / kKept) != 0) names.erase(name(i));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kKept));
  EXPECT_EQ(behind(names, "").size(), static_cast<std::size_t>(kKept));
  EXPECT_LT(names.bytes(), 200U * kKept);
}

}  // namespace
}  // namespace registry::content
