#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>

#include "fuzzer.hpp"
#include "http/body_decoder.hpp"
#include "registry/http/exchange.hpp"

namespace registry::fuzz {
namespace {

namespace beast = boost::beast;
using http::BodyDecoder;

struct Decoded {
  std::string body;
  std::size_t used = 0;  // of the input: the rest belongs to the next request
  bool is_done = false, is_malformed = false;
};

// Beast's parser takes a whole head first.
struct Reference {
  std::string body;
  std::size_t used = 0;
  beast::error_code error;
  bool is_done = false;
};

void feed(BodyDecoder& decoder, std::string_view piece, Decoded& decoded) {
  auto raw = std::as_bytes(std::span(piece));
  try {
    for (auto data = decoder.next(raw); !data.empty(); data = decoder.next(raw)) {
      decoded.body.append(reinterpret_cast<const char*>(data.data()), data.size());
    }
  } catch (const http::MalformedBody&) {
    decoded.is_malformed = true;
  }
  decoded.used += piece.size() - raw.size();
  decoded.is_done = decoder.is_done();
  const bool takes_all = raw.empty() || decoded.is_done || decoded.is_malformed;
  require(takes_all, "what is left is behind the body");
}

Decoded decode(BodyDecoder decoder, std::string_view input, std::size_t piece) {
  Decoded decoded;
  decoded.is_done = decoder.is_done();
  while (!input.empty() && !decoded.is_done && !decoded.is_malformed) {
    feed(decoder, input.substr(0, piece), decoded);
    input.remove_prefix(std::min(piece, input.size()));
  }
  return decoded;
}

Reference read_by_beast(std::string_view input) {
  constexpr std::string_view kHead =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  beast::http::request_parser<beast::http::string_body> parser;
  parser.body_limit(boost::none);
  parser.header_limit(1 << 20);
  parser.eager(true);
  const auto text = std::string(kHead) + std::string(input);
  Reference read;
  std::size_t at = 0;
  while (!parser.is_done()) {
    const auto used =
        parser.put(boost::asio::buffer(text.data() + at, text.size() - at), read.error);
    at += used;
    if (read.error || used == 0) break;
  }
  read.used = at - std::min(at, kHead.size());
  read.body = parser.get().body();
  read.is_done = parser.is_done();
  return read;
}

bool are_equal(const Decoded& a, const Decoded& b) {
  return a.body == b.body && a.used == b.used && a.is_done == b.is_done &&
         a.is_malformed == b.is_malformed;
}

void test_length(std::string_view input, std::size_t piece) {
  const auto length =
      input.empty() ? std::size_t{0} : std::size_t{static_cast<unsigned char>(input.front())};
  const auto decoded = decode(BodyDecoder::of_length(length), input, piece);
  require(!decoded.is_malformed, "a length has no form");
  require(decoded.body == input.substr(0, length), "a body of a length is its first bytes");
  require(decoded.is_done == (input.size() >= length), "it ends where it says");
}

void test_chunks(std::string_view input, std::size_t piece) {
  const auto whole = decode(BodyDecoder::in_chunks(), input, input.size());
  require(are_equal(whole, decode(BodyDecoder::in_chunks(), input, piece)),
          "the body is the same in whatever pieces it comes");
  if (!whole.is_done) return;
  const auto reference = read_by_beast(input);
  // What a trailer says is not looked at here: where it ends is the same for everybody.
  using beast::http::error;
  if (reference.error == error::bad_field || reference.error == error::bad_value) return;
  require(reference.is_done, "what is a body here is one elsewhere");
  require(reference.body == whole.body, "the body has the same bytes as elsewhere");
  require(reference.used == whole.used, "the next request begins where it does elsewhere");
}

}  // namespace

// Chunks that two servers read differently are a way to smuggle a request in.
void test(std::string_view input) {
  const std::size_t piece = 1 + (input.empty() ? 0 : static_cast<unsigned char>(input.back()) % 31);
  test_length(input, piece);
  test_chunks(input, piece);
}

}  // namespace registry::fuzz
