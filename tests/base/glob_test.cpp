#include "registry/base/glob.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace registry::base {
namespace {

TEST(Glob, IsTheNameItselfWithoutAWildcard) {
  EXPECT_TRUE(matches_glob("team/app", "team/app"));
  EXPECT_TRUE(matches_glob("", ""));
  for (const char* name : {"", "team", "team/ap", "team/apps", "team/App", "a/team/app"}) {
    EXPECT_FALSE(matches_glob("team/app", name)) << name;
  }
  EXPECT_TRUE(matches_glob("v1.0[a]{b}+$", "v1.0[a]{b}+$"));
  EXPECT_FALSE(matches_glob("v1.0", "v1x0"));
}

TEST(Glob, StarIsAnyTextWithinAComponent) {
  for (const char* name : {"team/app", "team/", "team/a"}) {
    EXPECT_TRUE(matches_glob("team/*", name)) << name;
  }
  for (const char* name : {"team", "team/app/web", "teams/app"}) {
    EXPECT_FALSE(matches_glob("team/*", name)) << name;
  }
  EXPECT_TRUE(matches_glob("*", "latest"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_FALSE(matches_glob("*", "a/b"));
  EXPECT_TRUE(matches_glob("v*.*-rc*", "v1.2-3-rc4"));
  EXPECT_FALSE(matches_glob("v*.*-rc*", "v1.2"));
  EXPECT_TRUE(matches_glob("*/cache", "app/cache"));
  EXPECT_FALSE(matches_glob("*/cache", "team/app/cache"));
}

TEST(Glob, TwoStarsAreAnyText) {
  for (const char* name : {"team/app", "team/app/web", "team/"}) {
    EXPECT_TRUE(matches_glob("team/**", name)) << name;
  }
  EXPECT_FALSE(matches_glob("team/**", "team"));
  EXPECT_TRUE(matches_glob("**", ""));
  EXPECT_TRUE(matches_glob("**", "a/b/c"));
  EXPECT_TRUE(matches_glob("**/cache", "team/app/cache"));
  EXPECT_TRUE(matches_glob("**cache", "cache"));
  EXPECT_TRUE(matches_glob("***", "a/b"));
  EXPECT_TRUE(matches_glob("**/x*/y", "a/x/b/xx/y"));
}

TEST(Glob, AQuestionMarkIsOneCharacter) {
  EXPECT_TRUE(matches_glob("v?", "v1"));
  for (const char* name : {"v", "v12", "v/"}) EXPECT_FALSE(matches_glob("v?", name)) << name;
}

TEST(Glob, OfManyStarsEndsSoon) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(255, 'a')));
  for (int i = 0; i < 100; ++i) pattern += "**a*a";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(255, 'a')));
}

// The definition, word by word.
bool defined(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  const bool deep = pattern.starts_with("**");
  if (pattern.front() == '*') {
    if (defined(pattern.substr(deep ? 2 : 1), name)) return true;
    return !name.empty() && (deep || name.front() != '/') && defined(pattern, name.substr(1));
  }
  if (name.empty()) return false;
  const bool same = pattern.front() == '?' ? name.front() != '/' : pattern.front() == name.front();
  return same && defined(pattern.substr(1), name.substr(1));
}

std::string random_text(std::mt19937& random, std::string_view letters, std::size_t longest) {
  std::string text(random() % (longest + 1), ' ');
  for (auto& letter : text) letter = letters[random() % letters.size()];
  return text;
}

TEST(Glob, MatchesWhatItsDefinitionDoes) {
  std::mt19937 random(20);
  int matching = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto pattern = random_text(random, "ab/***?", 8);
    const auto name = random_text(random, "ab/", 8);
    const bool expected = defined(pattern, name);
    matching += expected ? 1 : 0;
    ASSERT_EQ(matches_glob(pattern, name), expected) << pattern << " and " << name;
  }
  EXPECT_GT(matching, 10'000);
}

}  // namespace
}  // namespace registry::base
