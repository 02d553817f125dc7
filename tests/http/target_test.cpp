#include "registry/http/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace registry::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Target, HasAPathAndNoQuery) {
  const auto target = parse_target("/v2/a/b/tags/list");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v2/a/b/tags/list");
  EXPECT_THAT(target->query, IsEmpty());
}

TEST(Target, HasParametersInOrder) {
  const auto target = parse_target("/v2/?n=10&last=b&n=20");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v2/");
  EXPECT_THAT(target->query, ElementsAre(Pair("n", "10"), Pair("last", "b"), Pair("n", "20")));
  EXPECT_EQ(target->parameter("n"), "10");
  EXPECT_EQ(target->parameter("m"), std::nullopt);
}

TEST(Target, TellsAnEmptyParameterFromNone) {
  const auto target = parse_target("/?mount&from=");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->parameter("mount"), "");
  EXPECT_EQ(target->parameter("from"), "");
  EXPECT_EQ(target->parameter("digest"), std::nullopt);
}

TEST(Target, TakesADigestRawAndEncoded) {
  const auto raw = parse_target("/?mount=sha256:00&from=a/b");
  const auto encoded = parse_target("/?mount=sha256%3A00&from=a%2Fb");
  ASSERT_TRUE(raw);
  ASSERT_TRUE(encoded);
  EXPECT_EQ(raw->parameter("mount"), "sha256:00");
  EXPECT_EQ(encoded->query, raw->query);
}

TEST(Target, DecodesAnEncodedSlashToASlash) {
  const auto target = parse_target("/v2/a%2fb%2Fc/");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v2/a/b/c/");
}

TEST(Target, DecodesOnce) {
  const auto target = parse_target("/%252e?x=%2561");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/%2e");
  EXPECT_EQ(target->parameter("x"), "%61");
}

TEST(Target, LeavesDotSegmentsToThoseWhoKnowNames) {
  const auto target = parse_target("/v2/../%2e%2e/x");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v2/../../x");
}

TEST(Target, KeepsAnEncodedDelimiterInsideAValue) {
  const auto target = parse_target("/?a=1%262%3d3&b=4");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->query, ElementsAre(Pair("a", "1&2=3"), Pair("b", "4")));
}

void expect_no_target(std::initializer_list<std::string_view> texts) {
  for (const auto text : texts) EXPECT_FALSE(parse_target(text)) << text;
}

TEST(Target, IsNotOfAnotherForm) {
  expect_no_target({"", "*", "host:443", "http://h/x", "v2/", "?x=1"});
}

TEST(Target, HasNoBadEscapes) {
  expect_no_target({"/%", "/%4", "/%g0", "/?x=%", "/?%zz"});
}

TEST(Target, HasNoControlCharacters) {
  expect_no_target({"/%00", "/a%0d%0a", "/%7f", "/?x=%00", "/?%1f=x", "/a b", "/a\tb"});
}

TEST(Target, HasNoCharactersThatMustBeEncoded) {
  expect_no_target({"/gr\xc3\xbc\xc3\x9f", "/a#b", "/\"", "/a\\b"});
}

TEST(Host, IsANameOrAnAddressWithOrWithoutAPort) {
  for (const auto* text :
       {"a", "A.b-c_d~e", "a:80", "a:", "10.0.0.1:80", "[::1]", "[::1]:80", "a%20b"}) {
    EXPECT_TRUE(is_host(text)) << text;
  }
}

TEST(Host, IsNothingElse) {
  for (const auto* text : {"", ":80", "a b", "a/b", "a?b", "a#b", "a@b", "u:p@a", "a:b", "a:80:90",
                           "::1", "[::1", "[a]", "[]", "<a>", "\"a\"", "a\\b", "a%zz", "\xff"}) {
    EXPECT_FALSE(is_host(text)) << text;
  }
}

TEST(PercentEncode, LeavesUnreservedCharacters) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
}

TEST(PercentEncode, EncodesAllOthers) {
  EXPECT_EQ(percent_encode("a/b:c d+&=%\xc3\xbc"), "a%2Fb%3Ac%20d%2B%26%3D%25%C3%BC");
}

TEST(PercentEncode, IsUndoneByParsing) {
  std::string text;
  for (int c = 0x20; c < 0x100; ++c) {
    if (c != 0x7f) text += static_cast<char>(c);
  }
  const auto target = parse_target("/?x=" + percent_encode(text));
  ASSERT_TRUE(target);
  EXPECT_EQ(target->parameter("x"), text);
}

}  // namespace
}  // namespace registry::http
