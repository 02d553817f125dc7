#include "registry/base/clock.hpp"

#include <gtest/gtest.h>

namespace registry::base {
namespace {

// 2026-11-23 is a Monday.
WallTime at(std::int64_t seconds, std::int64_t nanoseconds = 0) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds)));
}
constexpr std::int64_t kNovember = 1'795'432'260;  // 2026-11-23T11:11:00Z

TEST(Clock, ReadsWhatItWritesAndOffsets) {
  using std::chrono::system_clock;
  const auto time = system_clock::from_time_t(1'700'000'000);  // 2023-11-14T22:13:20Z
  for (const char* text : {"2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123456789Z",
                           "2023-11-15T00:43:20+02:30", "2023-11-14T20:13:20-02:00"}) {
    EXPECT_EQ(parse_rfc3339(text), time) << text;
  }
  for (const char* text : {"", "2023", "2023-11-14 22:13:20Z", "2023-11-14T22:13:20",
                           "2023-11-14T22:13:20ZZ", "2023-11-14T22:13:20+2:30", "now"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Clock, ReadsNoTimeThatItCannotHold) {
  EXPECT_EQ(parse_rfc3339("2262-04-11T23:47:16Z"), at(9'223'372'036));
  EXPECT_EQ(parse_rfc3339("1677-09-21T00:12:44Z"), at(-9'223'372'036));
  for (const char* text : {"2262-04-11T23:47:17Z", "9999-12-31T23:59:59Z", "1677-09-21T00:12:43Z",
                           "0000-01-01T00:00:00Z", "2262-04-11T23:47:16-00:01"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Clock, WritesRfc3339) {
  EXPECT_EQ(rfc3339_seconds(at(kNovember)), "2026-11-23T11:11:00Z");
  EXPECT_EQ(rfc3339_seconds(at(kNovember, 999'999'999)), "2026-11-23T11:11:00Z");
  EXPECT_EQ(rfc3339_seconds(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339_seconds(at(1'709'164'800)), "2024-02-29T00:00:00Z");
}

TEST(Clock, WritesNineDigitsOfASecond) {
  EXPECT_EQ(rfc3339_nanoseconds(at(kNovember, 123'456'789)), "2026-11-23T11:11:00.123456789Z");
  EXPECT_EQ(rfc3339_nanoseconds(at(kNovember, 1)), "2026-11-23T11:11:00.000000001Z");
  EXPECT_EQ(rfc3339_nanoseconds(at(kNovember)), "2026-11-23T11:11:00.000000000Z");
}

TEST(Clock, WritesTheDateOfHttp) {
  EXPECT_EQ(http_date(at(kNovember)), "Mon, 23 Nov 2026 11:11:00 GMT");
  EXPECT_EQ(http_date(at(784'111'777)), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110 5.6.7
}

TEST(Clock, WritesTheDateOfTheCommonLogFormat) {
  EXPECT_EQ(common_log_date(at(kNovember)), "23/Nov/2026:11:11:00 +0000");
}

}  // namespace
}  // namespace registry::base
