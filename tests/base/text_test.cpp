#include "registry/base/text.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace registry::base {
namespace {

TEST(Iequals, LooksPastTheCaseOfAsciiLettersAlone) {
  EXPECT_TRUE(iequals("", ""));
  EXPECT_TRUE(iequals("Content-Length", "cONTENT-lENGTH"));
  EXPECT_TRUE(iequals("AZaz09-_", "azAZ09-_"));
  EXPECT_FALSE(iequals("a", ""));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("ab", "ac"));
  EXPECT_FALSE(iequals("[", "{"));  // 32 apart, as the letters before them
  EXPECT_FALSE(iequals("@", "`"));
  EXPECT_FALSE(iequals("\xc3\x84", "\xc3\xa4"));
}

TEST(Iequals, ReadsNothingBehindTheEnd) {
  const auto at_end = std::make_unique<char[]>(4);  // AddressSanitizer watches what follows
  std::ranges::copy(std::string_view("HTTP"), at_end.get());
  EXPECT_TRUE(iequals({at_end.get(), 4}, "http"));
}

}  // namespace
}  // namespace registry::base
