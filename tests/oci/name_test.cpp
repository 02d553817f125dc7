#include "registry/oci/name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace registry::oci {
namespace {

std::string times(std::size_t n, char c) {
  return std::string(n, c);
}

class AcceptedName : public testing::TestWithParam<const char*> {};

TEST_P(AcceptedName, IsKeptAsItIs) {
  const auto name = RepositoryName::parse(GetParam());
  ASSERT_TRUE(name) << GetParam();
  EXPECT_EQ(name->str(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(RepositoryName, AcceptedName,
                         testing::Values("a", "0", "a1", "library/alpine", "a/b/c/d", "a.b", "a_b",
                                         "a__b", "a-b", "a--b", "a---b", "a------b",
                                         "a__b/c--d/e.f", "a.b_c__d-e", "0/1", "blobs/uploads",
                                         "tags/list", "Example.com/foo", "EXAMPLE/foo",
                                         "A-b.C--d/foo", "localhost/foo", "1.2.3.4/x"));

class RefusedName : public testing::TestWithParam<std::string> {};

TEST_P(RefusedName, IsNoName) {
  EXPECT_FALSE(RepositoryName::parse(GetParam())) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Separators, RefusedName,
                         testing::Values("a..b", "a___b", "a._b", "a_.b", "a-.b", "a-_b", "a_-b",
                                         "_a", "a_", "-a", "a-", ".a", "a.", "__a", ".", "..", "-",
                                         "a/..", "a/.b", "a/_b", "a/b-", "../a", "a/../b"));
INSTANTIATE_TEST_SUITE_P(Slashes, RefusedName,
                         testing::Values("", "/", "/a", "a/", "a//b", "//", "a/b/"));
INSTANTIATE_TEST_SUITE_P(Characters, RefusedName,
                         testing::Values("a b", "a+b", "a:b", "a@b", "a%62", "a\\b", "ä", "a\nb",
                                         std::string("a\0b", 3), "a~b", "a,b"));
INSTANTIATE_TEST_SUITE_P(UpperCase, RefusedName,
                         testing::Values("Foo", "fOO", "a/B", "a/B/c", "Example.com",
                                         "a/Example.com/b", "Foo_bar/x", "Foo..bar/x", "-Foo/x",
                                         "Foo-/x", ".Foo/x"));
// A host with a port routes in 2.8 and cannot be stored there either.
INSTANTIATE_TEST_SUITE_P(Ports, RefusedName,
                         testing::Values("example.com:5000/foo", "localhost:5000/a", "a:1",
                                         ":1/a"));

TEST(RepositoryName, MayHave255Characters) {
  EXPECT_TRUE(RepositoryName::parse(times(255, 'a')));
  EXPECT_TRUE(RepositoryName::parse(times(127, 'a') + "/" + times(127, 'b')));
}

TEST(RepositoryName, MayNotHave256Characters) {
  EXPECT_FALSE(RepositoryName::parse(times(256, 'a')));
  EXPECT_FALSE(RepositoryName::parse(times(127, 'a') + "/" + times(128, 'b')));
}

TEST(NameComponent, MayBeAHostOnlyInTheFirstPlace) {
  EXPECT_TRUE(is_name_component("Example.com", true));
  EXPECT_FALSE(is_name_component("Example.com", false));
  EXPECT_TRUE(is_name_component("example.com", false));
}

TEST(NameComponent, IsNeverOneOfTheReservedDirectories) {
  for (const char* name : {"_layers", "_manifests", "_uploads", "_referrers", "_alias"}) {
    EXPECT_FALSE(is_name_component(name, true)) << name;
    EXPECT_FALSE(is_name_component(name, false)) << name;
  }
}

TEST(NameComponent, HoldsNoSlash) {
  EXPECT_FALSE(is_name_component("a/b", true));
  EXPECT_FALSE(is_name_component("", true));
  EXPECT_FALSE(is_name_component("", false));
}

TEST(Tag, TakesLettersDigitsAndTheThreeMarks) {
  for (const char* text :
       {"latest", "1.0", "v1.0-rc.1_x", "_", "_x", "A", "0", "A..B", "a--", "a."}) {
    const auto tag = Tag::parse(text);
    ASSERT_TRUE(tag) << text;
    EXPECT_EQ(tag->str(), text);
  }
}

TEST(Tag, DoesNotBeginWithADotOrADash) {
  for (const char* text : {".", "..", ".a", "-x", "-"}) EXPECT_FALSE(Tag::parse(text)) << text;
}

TEST(Tag, RefusesOtherCharacters) {
  for (const char* text : {"", "a b", "a/b", "a:b", "sha256:abc", "a+b", "a@b", "ä", "a\n", "a%"}) {
    EXPECT_FALSE(Tag::parse(text)) << text;
  }
  EXPECT_FALSE(Tag::parse(std::string("a\0", 2)));
}

TEST(Tag, Has128CharactersAtMost) {
  EXPECT_TRUE(Tag::parse(times(128, 'a')));
  EXPECT_FALSE(Tag::parse(times(129, 'a')));
}

}  // namespace
}  // namespace registry::oci
