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

TEST(SizeText, HasOneDecimalOfTheLargestUnitThatFits) {
  EXPECT_EQ(size_text(0), "0 bytes");
  EXPECT_EQ(size_text(1), "1 byte");
  EXPECT_EQ(size_text(1023), "1023 bytes");
  EXPECT_EQ(size_text(1024), "1.0 KiB");
  EXPECT_EQ(size_text(1024 * 1024 - 1), "1023.9 KiB");
  EXPECT_EQ(size_text(3 * 512 * 1024), "1.5 MiB");
  EXPECT_EQ(size_text(10ULL << 30U), "10.0 GiB");
  EXPECT_EQ(size_text(5000ULL << 40U), "5000.0 TiB");
}

}  // namespace
}  // namespace registry::base
