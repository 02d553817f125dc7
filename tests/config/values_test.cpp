#include "config/values.hpp"

#include <gtest/gtest.h>

namespace registry::config {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsReadAsGoReadsIt) {
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("168h"), 168h);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("1h2m3s4ms5us6ns"), 1h + 2min + 3s + 4ms + 5us + 6ns);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration(".5s"), 500ms);
  EXPECT_EQ(parse_duration("1.s"), 1s);
  EXPECT_EQ(parse_duration("0s"), 0s);
  EXPECT_EQ(parse_duration("30m1h"), 90min);
}

TEST(Duration, WithoutAUnitIsNanoseconds) {
  EXPECT_EQ(parse_duration("0"), 0ns);
  EXPECT_EQ(parse_duration("10000000000"), 10s);
}

TEST(Duration, RefusesTheRest) {
  for (const char* text : {"", "s", "-5s", "-1", "5x", "5 s", "1.2.3s", ".s", "1h-5m", "1e3s", "5S",
                           "5sec", "1h30", "s5", "1..5s", "nan", "inf"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(parse_duration("9999999h"));
  EXPECT_FALSE(parse_duration("9999999999999999999"));
  EXPECT_FALSE(parse_duration("99999999999999999999s"));
  EXPECT_FALSE(parse_duration(std::string(400, '9') + "s"));
  EXPECT_FALSE(parse_duration("0." + std::string(400, '0') + "1s"));
  EXPECT_TRUE(parse_duration("2500000h"));
}

TEST(Duration, IsWrittenAsItIsRead) {
  EXPECT_EQ(to_text(0s), "0s");
  EXPECT_EQ(to_text(25s), "25s");
  EXPECT_EQ(to_text(90s), "90s");
  EXPECT_EQ(to_text(5min), "5m");
  EXPECT_EQ(to_text(168h), "168h");
}

TEST(Bytes, AreANumberOrHaveAUnit) {
  EXPECT_EQ(parse_bytes("0"), 0U);
  EXPECT_EQ(parse_bytes("12345"), 12345U);
  EXPECT_EQ(parse_bytes("1KiB"), 1024U);
  EXPECT_EQ(parse_bytes("64MiB"), 64U << 20U);
  EXPECT_EQ(parse_bytes("10GiB"), 10ULL << 30U);
  EXPECT_EQ(parse_bytes("2TiB"), 2ULL << 40U);
  EXPECT_EQ(parse_bytes("1.5GiB"), 3ULL << 29U);
  EXPECT_EQ(parse_bytes(".5KiB"), 512U);
  EXPECT_EQ(parse_bytes("0.0001KiB"), 1U);
}

TEST(Bytes, RefuseTheRest) {
  for (const char* text : {"", "KiB", ".MiB", "-1", "-1KiB", "+1", "1.5", "10GB", "10G", "10gib",
                           "1 GiB", "1GiB ", "1B", "1.2.3MiB", "0x10", "1e3", "1e3KiB", "infGiB"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
  for (const char* text : {"18446744073709551616", "9300000000000000000", "9000000TiB"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
  EXPECT_FALSE(parse_bytes(std::string(400, '9') + "KiB"));
}

TEST(Bytes, AreWrittenAsTheyAreRead) {
  EXPECT_EQ(bytes_to_text(0), "0");
  EXPECT_EQ(bytes_to_text(1000), "1000");
  EXPECT_EQ(bytes_to_text(64U << 20U), "64MiB");
  EXPECT_EQ(bytes_to_text(3ULL << 29U), "1536MiB");
  EXPECT_EQ(bytes_to_text(1ULL << 40U), "1TiB");
}

TEST(Percentage, IsAWholeNumberWithItsSign) {
  EXPECT_EQ(parse_percentage("0%"), 0U);
  EXPECT_EQ(parse_percentage("90%"), 90U);
  EXPECT_EQ(parse_percentage("100%"), 100U);
  for (const char* text : {"", "%", "90", "101%", "-1%", "9.5%", "90 %", "%90", "90%%", "+9%"}) {
    EXPECT_FALSE(parse_percentage(text)) << text;
  }
}

TEST(Pattern, HasWhatNamesHaveAndWildcards) {
  for (const char* text : {"a", "team/*", "**", "v?.*-rc_1", "**/Cache"}) {
    EXPECT_EQ(complaint_about_glob(text), "") << text;
  }
  for (const char* text : {"", "v[0-9]", "{a,b}", "a b", "^v.*$", "a:b", "\xc3\xa4"}) {
    EXPECT_NE(complaint_about_glob(text), "") << text;
  }
}

TEST(Address, HasAPort) {
  for (const char* text : {":0", ":5000", "h:80", "[::1]:65535"}) EXPECT_TRUE(is_address(text));
  for (const char* text : {"", ":", "h", "h:", "h:x", "h:65536", "h:000080", "h:-1", "h:+1"}) {
    EXPECT_FALSE(is_address(text)) << text;
  }
}

TEST(Token, IsTheNameOfAHeader) {
  for (const char* text : {"X-Foo", "a", "x_y.z!#$%&'*+^`|~1"}) EXPECT_TRUE(is_token(text));
  for (const char* text : {"", "a b", "a:", "a\n", "a(b)", "\xc3\xa4", "a/b", "a\"", "a[0]"}) {
    EXPECT_FALSE(is_token(text)) << text;
  }
}

TEST(Expression, IsOfGosSyntax) {
  EXPECT_EQ(complaint_about("^https?://[^/]+$"), "");
  EXPECT_EQ(complaint_about("("), "missing ): (");
  EXPECT_NE(complaint_about("(?!a)"), "");
}

const std::vector<std::string> kKnown = {"addr", "secret", "draintimeout", "tls"};

TEST(Nearest, IsTheOneThatWasMeant) {
  EXPECT_EQ(nearest("adr", kKnown), "addr");
  EXPECT_EQ(nearest("addrs", kKnown), "addr");
  EXPECT_EQ(nearest("adrd", kKnown), "addr");
  EXPECT_EQ(nearest("sekret", kKnown), "secret");
  EXPECT_EQ(nearest("drain_timeout", kKnown), "draintimeout");
  EXPECT_EQ(nearest("tsl", {"tls", "addr"}), "");  // half of a short word is too much to guess
}

TEST(Nearest, IsNoneWhereNothingIsNear) {
  EXPECT_EQ(nearest("reporting", kKnown), "");
  EXPECT_EQ(nearest("x", kKnown), "");
  EXPECT_EQ(nearest("", kKnown), "");
  EXPECT_EQ(nearest("addr", {}), "");
}

}  // namespace
}  // namespace registry::config
