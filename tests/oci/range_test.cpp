#include "registry/oci/range.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <ostream>
#include <string>

namespace registry::oci {

std::ostream& operator<<(std::ostream& out, const ByteRange& range) {
  return out << range.length << " from " << range.offset;
}

namespace {

using Kind = RangeRequest::Kind;

constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();

void expect_partial(std::string_view header, std::uint64_t size, ByteRange wanted) {
  const auto request = parse_range(header, size);
  EXPECT_EQ(request.kind, Kind::partial) << header;
  EXPECT_EQ(request.ranges, std::vector{wanted}) << header;
}

TEST(Range, TakesFirstAndLast) {
  expect_partial("bytes=0-0", 10, {0, 1});
  expect_partial("bytes=2-5", 10, {2, 4});
  expect_partial("bytes=0-9", 10, {0, 10});
  expect_partial("bytes=9-9", 10, {9, 1});
}

TEST(Range, EndsWithTheBlob) {
  expect_partial("bytes=5-10", 10, {5, 5});
  expect_partial("bytes=0-999999", 10, {0, 10});
  expect_partial("bytes=0-18446744073709551615", 10, {0, 10});
}

TEST(Range, TakesAllFromAnOffsetOn) {
  expect_partial("bytes=0-", 10, {0, 10});
  expect_partial("bytes=7-", 10, {7, 3});
  expect_partial("bytes=9-", 10, {9, 1});
}

TEST(Range, TakesASuffix) {
  expect_partial("bytes=-1", 10, {9, 1});
  expect_partial("bytes=-10", 10, {0, 10});
  expect_partial("bytes=-11", 10, {0, 10});
  expect_partial("bytes=-18446744073709551615", 10, {0, 10});
}

TEST(Range, ReachesTheLastByteThereCanBe) {
  expect_partial("bytes=18446744073709551614-18446744073709551615", kMax, {kMax - 1, 1});
  expect_partial("bytes=0-18446744073709551615", kMax, {0, kMax});
}

TEST(Range, AllowsSpaceAroundIt) {
  expect_partial("bytes= 2-5", 10, {2, 4});
  expect_partial("bytes=2-5 \t", 10, {2, 4});
}

TEST(Range, BehindTheEndIsUnsatisfiable) {
  for (const char* header :
       {"bytes=10-", "bytes=10-10", "bytes=10-20", "bytes=18446744073709551615-"}) {
    EXPECT_EQ(parse_range(header, 10).kind, Kind::unsatisfiable) << header;
  }
}

TEST(Range, OfNoBytesIsUnsatisfiable) {
  EXPECT_EQ(parse_range("bytes=-0", 10).kind, Kind::unsatisfiable);
}

TEST(Range, OfAnEmptyBlobIsUnsatisfiable) {
  for (const char* header : {"bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"}) {
    EXPECT_EQ(parse_range(header, 0).kind, Kind::unsatisfiable) << header;
  }
}

TEST(Range, IsIgnoredWhereItCannotBeParsed) {
  for (const char* header :
       {"",           "bytes",       "bytes=",     "bytes=-",    "bytes=5",    "bytes=a-b",
        "bytes=1-b",  "bytes=a-1",   "bytes=5-2",  "bytes=--5",  "bytes=1--5", "bytes=+1-5",
        "bytes=1-+5", "bytes=0x1-5", "bytes=1 -5", "bytes=1- 5", "bytes 1-5",  "octets=1-5",
        "2-5",        "bytes:1-5",   " bytes=1-5"}) {
    EXPECT_EQ(parse_range(header, 10).kind, Kind::whole) << header;
  }
}

TEST(Range, IsIgnoredWhereANumberOverflows) {
  for (const char* header : {"bytes=18446744073709551616-", "bytes=0-18446744073709551616",
                             "bytes=-18446744073709551616", "bytes=99999999999999999999999-"}) {
    EXPECT_EQ(parse_range(header, 10).kind, Kind::whole) << header;
  }
}

TEST(Range, TakesSeveral) {
  const auto request = parse_range("bytes=0-1, 8-,-1", 10);
  EXPECT_EQ(request.kind, Kind::partial);
  EXPECT_EQ(request.ranges, (std::vector<ByteRange>{{0, 2}, {8, 2}, {9, 1}}));
}

TEST(Range, LeavesOutThoseBehindTheEnd) {
  expect_partial("bytes=20-30,3-4", 10, {3, 2});
  EXPECT_EQ(parse_range("bytes=20-30,40-50", 10).kind, Kind::unsatisfiable);
}

TEST(Range, PassesOverEmptyElements) {
  expect_partial("bytes=0-1,", 10, {0, 2});
  expect_partial("bytes=, ,0-1", 10, {0, 2});
  EXPECT_EQ(parse_range("bytes=,", 10).kind, Kind::whole);
}

TEST(Range, IsIgnoredWhereOneOfSeveralCannotBeParsed) {
  for (const char* header : {"bytes=0-1,x", "bytes=5-2,0-1", "bytes=0-1,2", "bytes=0-1;3-4"}) {
    EXPECT_EQ(parse_range(header, 10).kind, Kind::whole) << header;
  }
}

TEST(Range, IsIgnoredWhereSeveralAreMoreThanTheBlob) {
  EXPECT_EQ(parse_range("bytes=0-,0-0", 10).kind, Kind::whole);
  EXPECT_EQ(parse_range("bytes=0-5,2-9", 10).kind, Kind::whole);
  EXPECT_EQ(parse_range("bytes=0-,0-", kMax).kind, Kind::whole);
  EXPECT_EQ(parse_range("bytes=0-4,5-9", 10).kind, Kind::partial);
}

TEST(Range, IsIgnoredWhereThereAreVeryMany) {
  std::string header = "bytes=0-0";
  for (int i = 1; i < 16; ++i) header += ",0-0";
  EXPECT_EQ(parse_range(header, 1000).ranges.size(), 16U);
  EXPECT_EQ(parse_range(header + ",0-0", 1000).kind, Kind::whole);
}

void expect_chunk(std::string_view header, std::uint64_t first, std::uint64_t last) {
  const auto range = parse_chunk_range(header);
  ASSERT_TRUE(range) << header;
  EXPECT_EQ(range->first, first) << header;
  EXPECT_EQ(range->last, last) << header;
  EXPECT_EQ(range->length(), last - first + 1) << header;
}

TEST(ChunkRange, TakesTheFormOfTheSpecification) {
  expect_chunk("0-0", 0, 0);
  expect_chunk("0-1023", 0, 1023);
  expect_chunk("1024-2047", 1024, 2047);
  expect_chunk(" 5-6 ", 5, 6);
}

TEST(ChunkRange, TakesTheFormOfHttp) {
  expect_chunk("bytes 0-1023/2048", 0, 1023);
  expect_chunk("bytes 0-1023/*", 0, 1023);
  expect_chunk("bytes=3-4", 3, 4);
}

TEST(ChunkRange, EndsBelowWhatASignedNumberHolds) {
  expect_chunk("0-9223372036854775806", 0, 9223372036854775806U);
  EXPECT_FALSE(parse_chunk_range("0-9223372036854775807"));
  EXPECT_FALSE(parse_chunk_range("0-18446744073709551615"));
  EXPECT_FALSE(parse_chunk_range("0-18446744073709551616"));
}

TEST(ChunkRange, RefusesWhatIsNoRange) {
  for (const char* header : {"", "-", "0", "0-", "-5", "5-4", "a-b", "0-b", "0--1", "+0-1", "-1-5",
                             "0-1-2", "bytes", "bytes */5", "0 - 1", "0-1,2-3", "octets 0-1"}) {
    EXPECT_FALSE(parse_chunk_range(header)) << header;
  }
}

TEST(ParseUnsigned, TakesAllThatFits) {
  EXPECT_EQ(parse_unsigned("0"), 0U);
  EXPECT_EQ(parse_unsigned("007"), 7U);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), kMax);
}

TEST(ParseUnsigned, RefusesTheRest) {
  for (const char* text :
       {"", " ", "-1", "+1", "1 ", " 1", "1.0", "1e3", "0x1", "a", "1a", "18446744073709551616"}) {
    EXPECT_FALSE(parse_unsigned(text)) << text;
  }
  EXPECT_FALSE(parse_unsigned(std::string_view("1\0", 2)));
}

}  // namespace
}  // namespace registry::oci
