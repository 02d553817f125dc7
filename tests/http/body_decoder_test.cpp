// Bodies among the bytes of their connection, without one.
#include "http/body_decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "registry/http/exchange.hpp"

namespace registry::http {
namespace {

struct Decoded {
  std::string body, rest;  // `rest`: what follows the body
  bool is_done = false;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// One piece, of which the body may be the beginning.
void feed(BodyDecoder& decoder, std::string_view piece, Decoded& decoded) {
  auto raw = bytes_of(piece);
  for (auto data = decoder.next(raw); !data.empty(); data = decoder.next(raw)) {
    decoded.body.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  decoded.rest.append(reinterpret_cast<const char*>(raw.data()), raw.size());
  decoded.is_done = decoder.is_done();
}

Decoded decode(BodyDecoder decoder, const std::vector<std::string_view>& pieces) {
  Decoded decoded;
  for (const auto piece : pieces) feed(decoder, piece, decoded);
  return decoded;
}

Decoded decode_chunks(std::string_view text) {
  return decode(BodyDecoder::in_chunks(), {text});
}

TEST(BodyDecoder, OfNoBodyLeavesEveryByte) {
  EXPECT_EQ(decode(BodyDecoder(), {"GET /"}), (Decoded{"", "GET /", true}));
  EXPECT_EQ(decode(BodyDecoder::of_length(0), {"GET /"}), (Decoded{"", "GET /", true}));
}

TEST(BodyDecoder, OfALengthTakesThatAndNoMore) {
  EXPECT_EQ(decode(BodyDecoder::of_length(5), {"helloGET /"}), (Decoded{"hello", "GET /", true}));
  EXPECT_EQ(decode(BodyDecoder::of_length(5), {"hel", "lo", "GET /"}),
            (Decoded{"hello", "GET /", true}));
  EXPECT_EQ(decode(BodyDecoder::of_length(6), {"hello"}), (Decoded{"hello", "", false}));
}

TEST(BodyDecoder, SaysWhatIsStillToCome) {
  auto of_length = BodyDecoder::of_length(~std::uint64_t{0});
  auto raw = bytes_of("abc");
  EXPECT_FALSE(of_length.is_chunked());
  EXPECT_EQ(of_length.next(raw).size(), 3U);
  EXPECT_EQ(of_length.remaining(), ~std::uint64_t{0} - 3);
  auto in_chunks = BodyDecoder::in_chunks();
  EXPECT_TRUE(in_chunks.is_chunked());
  EXPECT_EQ(in_chunks.remaining(), std::nullopt);
  raw = bytes_of("0\r\n\r\n");
  EXPECT_TRUE(in_chunks.next(raw).empty());
  EXPECT_EQ(in_chunks.remaining(), 0U);
  EXPECT_EQ(BodyDecoder().remaining(), 0U);
}

TEST(BodyDecoder, PutsChunksTogether) {
  EXPECT_EQ(decode_chunks("5\r\nhello\r\nA\r\n, chunked \r\n0c\r\nbody of many\r\n0\r\n\r\nGET /"),
            (Decoded{"hello, chunked body of many", "GET /", true}));
  EXPECT_EQ(decode_chunks("0\r\n\r\nGET /"), (Decoded{"", "GET /", true}));
}

TEST(BodyDecoder, GivesTheSameBodyWhereverItsPiecesEnd) {
  const std::string text =
      "5\r\nhello\r\n00A ;z\t; y=x;a=\"b\\\" c\\\\\"\r\n, chunked "
      "\r\n1\r\n\r\r\n2;x\r\n\r\n\r\n000\r\n"
      "X-Digest: y\r\nX-Other:\r\n\r\nGET /next";
  const auto whole = decode_chunks(text);
  EXPECT_EQ(whole, (Decoded{"hello, chunked \r\r\n", "GET /next", true}));
  const std::string_view view = text;
  for (std::size_t a = 0; a <= text.size(); ++a) {
    for (std::size_t b = a; b <= text.size(); ++b) {
      EXPECT_EQ(decode(BodyDecoder::in_chunks(),
                       {view.substr(0, a), view.substr(a, b - a), view.substr(b)}),
                whole)
          << a << ", " << b;
    }
  }
}

// What is cut short is neither done nor wrong.
TEST(BodyDecoder, WaitsForTheEnd) {
  const std::string_view text = "3;x\r\nabc\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto part = decode_chunks(text.substr(0, n));
    EXPECT_FALSE(part.is_done) << n;
    EXPECT_EQ(part.rest, "") << n;
  }
  EXPECT_TRUE(decode_chunks(text).is_done);
}

TEST(BodyDecoder, TakesTheLargestSizes) {
  EXPECT_EQ(decode_chunks("ffffffffffffffff\r\nabc").body, "abc");
  EXPECT_EQ(decode_chunks("0000000000000003\r\nabc\r\n0\r\n\r\n").body, "abc");
}

TEST(BodyDecoder, TakesExtensionsAndTrailersUpToALimit) {
  const std::string limit(16 * 1024, 'x');
  EXPECT_TRUE(decode_chunks("0;" + limit.substr(2) + "\r\n\r\n").is_done);
  EXPECT_THROW(decode_chunks("0;" + limit + "x\r\n\r\n"), MalformedBody);
  EXPECT_TRUE(decode_chunks("0\r\nX:" + limit.substr(8) + "\r\n\r\n").is_done);
  EXPECT_THROW(decode_chunks("0\r\nX:" + limit + "\r\n\r\n"), MalformedBody);
  EXPECT_THROW(decode_chunks("3" + std::string(17 * 1024, ' ')), MalformedBody);
  // Each chunk anew; the trailers all together.
  const auto line = ";" + limit.substr(100) + "\r\n";
  EXPECT_EQ(decode_chunks("1" + line + "a\r\n1" + line + "b\r\n0" + line + "\r\n").body, "ab");
  std::string trailers;
  while (trailers.size() <= 2 * limit.size()) trailers += "X: y\r\n";
  EXPECT_THROW(decode_chunks("0\r\n" + trailers + "\r\n"), MalformedBody);
}

struct Case {
  const char* name;
  std::string text;
};
void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

class MalformedChunks : public testing::TestWithParam<Case> {};

// In one piece and byte by byte; and a piece that is wrong takes nothing of what follows for good.
TEST_P(MalformedChunks, AreRefused) {
  EXPECT_THROW(decode_chunks(GetParam().text), MalformedBody);
  auto decoder = BodyDecoder::in_chunks();
  const auto feed_each = [&] {
    Decoded decoded;
    for (const char& c : GetParam().text) feed(decoder, {&c, 1}, decoded);
  };
  EXPECT_THROW(feed_each(), MalformedBody);
  EXPECT_FALSE(decoder.is_done());
}

const Case kCases[] = {
    {"NoSize", "\r\nabc"},
    {"NoDigit", "xyz\r\n"},
    {"SpaceBefore", " 3\r\nabc\r\n0\r\n\r\n"},
    {"Hexadecimal0x", "0x3\r\nabc\r\n0\r\n\r\n"},
    {"Signed", "+3\r\nabc\r\n0\r\n\r\n"},
    {"Negative", "-3\r\nabc\r\n0\r\n\r\n"},
    {"LetterBehind", "3g\r\nabc\r\n0\r\n\r\n"},
    {"Underscore", "1_0\r\n"},
    {"DigitsBehindSpace", "3 3\r\nabc\r\n0\r\n\r\n"},
    {"TextBehindSpace", "3 x\r\nabc\r\n0\r\n\r\n"},
    {"NoSemicolon", "3,x\r\nabc\r\n0\r\n\r\n"},
    {"ControlInTheSize", "3\x01\r\nabc\r\n0\r\n\r\n"},
    {"ControlInTheExtension", "3;\x01\r\nabc\r\n0\r\n\r\n"},
    {"ZeroInTheExtension", std::string("3;a\0\r\nabc\r\n0\r\n\r\n", 16)},
    {"LineFeedInTheExtension", "3;a\nabc\r\n0\r\n\r\n"},
    {"SpaceBehindTheSize", "3 \r\nabc\r\n0\r\n\r\n"},
    {"ExtensionWithoutName", "3;;\r\nabc\r\n0\r\n\r\n"},
    {"ExtensionThatIsEmpty", "3;\r\nabc\r\n0\r\n\r\n"},
    {"ExtensionWithoutNameAndValue", "3;=\r\nabc\r\n0\r\n\r\n"},
    {"ExtensionWithoutValue", "3;a=\r\nabc\r\n0\r\n\r\n"},
    {"ExtensionWithQuoteInItsName", "3;a\"b\r\nabc\r\n0\r\n\r\n"},
    {"ExtensionWithTextBehindItsQuote", "3;a=\"b\"c\r\nabc\r\n0\r\n\r\n"},
    {"QuoteThatDoesNotEnd", "3;a=\"b\r\nabc\r\n0\r\n\r\n"},
    {"QuoteThatEndsInTheNextLine", "3;a=\"b\r\nabc\r\n0;b\"\r\n\r\n"},
    {"QuoteWhoseEndIsEscaped", "3;a=\"b\\\"\r\nabc\r\n0\r\n\r\n"},
    {"BareLineFeed", "3\nabc\r\n0\r\n\r\n"},
    {"BareCarriageReturn", "3\rabc\r\n0\r\n\r\n"},
    {"CarriageReturnInTheExtension", "3;a\rb\r\nabc\r\n0\r\n\r\n"},
    {"NoEndOfData", "3\r\nabc0\r\n\r\n"},
    {"LineFeedBehindData", "3\r\nabc\n0\r\n\r\n"},
    {"CarriageReturnBehindData", "3\r\nabc\r0\r\n\r\n"},
    {"LongerThanItSays", "3\r\nabcd\r\n0\r\n\r\n"},
    {"ShorterThanItSays", "5\r\nabc\r\n0\r\n\r\n"},
    {"SeventeenDigits", "00000000000000003\r\nabc\r\n0\r\n\r\n"},
    {"Overflow", "10000000000000003\r\nabc\r\n0\r\n\r\n"},
    {"TrailerWithoutColon", "0\r\nX-Digest\r\n\r\n"},
    {"TrailerWithoutName", "0\r\n: x\r\n\r\n"},
    {"TrailerWithSpaceInItsName", "0\r\nX Y: x\r\n\r\n"},
    {"TrailerWithSpaceBehindItsName", "0\r\nX : x\r\n\r\n"},
    {"TrailerThatIsFolded", "0\r\nX: x\r\n y\r\n\r\n"},
    {"TrailerThatIsALength", "0\r\ncontent-length: 3\r\n\r\n"},
    {"TrailerThatIsACoding", "0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"TrailerWithControl", "0\r\nX: \x02\r\n\r\n"},
    {"TrailerWithLineFeed", "0\r\nX: y\n\r\n"},
    {"TrailerWithCarriageReturn", "0\r\nX: y\rz\r\n\r\n"},
    {"LineFeedAtTheEnd", "0\r\n\n"},
    {"CarriageReturnAtTheEnd", "0\r\n\rGET /"},
    {"NextRequestInPlaceOfTheEnd", "0\r\nGET / HTTP/1.1\r\n\r\n"},
};
INSTANTIATE_TEST_SUITE_P(BodyDecoder, MalformedChunks, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace registry::http
