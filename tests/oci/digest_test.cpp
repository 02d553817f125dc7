#include "registry/oci/digest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace registry::oci {
namespace {

const std::string kHex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TEST(Digest, TakesSha256AsItIs) {
  const auto digest = Digest::parse("sha256:" + kHex64);
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->str(), "sha256:" + kHex64);
  EXPECT_EQ(digest->hex(), kHex64);
  EXPECT_EQ(digest->algorithm(), Algorithm::sha256);
  EXPECT_EQ(to_string(digest->algorithm()), "sha256");
}

TEST(Digest, TakesSha512AsItIs) {
  const auto digest = Digest::parse("sha512:" + kHex64 + kHex64);
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->hex(), kHex64 + kHex64);
  EXPECT_EQ(digest->algorithm(), Algorithm::sha512);
  EXPECT_EQ(to_string(digest->algorithm()), "sha512");
}

TEST(Digest, RefusesUpperCaseHex) {
  auto text = "sha256:" + kHex64;
  text.back() = 'F';
  EXPECT_FALSE(Digest::parse(text));
}

TEST(Digest, RefusesAnUpperCaseAlgorithm) {
  EXPECT_FALSE(Digest::parse("SHA256:" + kHex64));
}

TEST(Digest, RefusesOtherAlgorithms) {
  EXPECT_FALSE(Digest::parse("sha384:" + kHex64 + kHex64.substr(0, 32)));
  EXPECT_FALSE(Digest::parse("md5:0123456789abcdef0123456789abcdef"));
  EXPECT_FALSE(Digest::parse("sha257:" + kHex64));
}

TEST(Digest, RefusesTheLengthOfAnotherAlgorithm) {
  EXPECT_FALSE(Digest::parse("sha256:" + kHex64 + kHex64));
  EXPECT_FALSE(Digest::parse("sha512:" + kHex64));
}

TEST(Digest, RefusesOneCharacterTooFewOrTooMany) {
  EXPECT_FALSE(Digest::parse("sha256:" + kHex64.substr(1)));
  EXPECT_FALSE(Digest::parse("sha256:" + kHex64 + "0"));
}

TEST(Digest, RefusesWhatIsNotHex) {
  for (const char c : {'g', '/', ':', '`', '@', ' ', '.', '\n', '\0', '\x80'}) {
    for (const std::size_t at : {std::size_t{7}, std::size_t{30}, std::size_t{70}}) {
      auto text = "sha256:" + kHex64;
      text[at] = c;
      EXPECT_FALSE(Digest::parse(text)) << static_cast<int>(c) << " at " << at;
    }
  }
}

TEST(Digest, RefusesTextWithoutAnAlgorithm) {
  for (const std::string& text : {std::string(), std::string("sha256"), std::string("sha256:"),
                                  ":" + kHex64, kHex64, " sha256:" + kHex64.substr(1)}) {
    EXPECT_FALSE(Digest::parse(text)) << text;
  }
}

TEST(Digest, IsOrderedAndHashedByItsText) {
  const auto low = *Digest::parse("sha256:" + kHex64);
  const auto high = *Digest::parse("sha256:f" + kHex64.substr(1));
  EXPECT_LT(low, high);
  EXPECT_EQ(low, *Digest::parse(low.str()));
  const std::unordered_set<Digest> set = {low, high, low};
  EXPECT_EQ(set.size(), 2U);
}

TEST(Digest, KnowsTheDigestOfNothing) {
  EXPECT_EQ(empty_digest().str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace registry::oci
