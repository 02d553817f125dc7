#include "body_decoder.hpp"

#include <algorithm>
#include <string_view>

#include "registry/base/text.hpp"
#include "registry/http/exchange.hpp"

namespace registry::http {
namespace {

// Nobody sends extensions, and few send trailers: what is longer is sent to do harm.
constexpr std::size_t kMaxFramingBytes = 16 * 1024;
constexpr unsigned kMaxSizeDigits = 16;

int hex_value(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(unsigned char c) {
  return (c < 0x20 && c != '\t') || c == 0x7f;
}

bool is_space(unsigned char c) {
  return c == ' ' || c == '\t';
}

[[noreturn]] void malformed(const char* what) {
  throw MalformedBody(std::string("the body is malformed: ") + what);
}

[[noreturn]] void bad_extension() {
  malformed("behind a chunk's size comes what is no extension");
}

}  // namespace

BodyDecoder BodyDecoder::of_length(std::uint64_t bytes) {
  BodyDecoder decoder;
  decoder.left_ = bytes;
  decoder.state_ = bytes == 0 ? State::done : State::data;
  return decoder;
}

BodyDecoder BodyDecoder::in_chunks() {
  BodyDecoder decoder;
  decoder.is_chunked_ = true;
  decoder.state_ = State::size;
  return decoder;
}

std::optional<std::uint64_t> BodyDecoder::remaining() const {
  if (is_done()) return 0;
  return is_chunked_ ? std::nullopt : std::optional(left_);
}

std::span<const std::byte> BodyDecoder::next(std::span<const std::byte>& raw) {
  while (!raw.empty() && state_ != State::done) {
    if (state_ == State::data) return take_data(raw);
    take_framing(static_cast<unsigned char>(raw.front()));
    raw = raw.subspan(1);
  }
  return {};
}

std::span<const std::byte> BodyDecoder::take_data(std::span<const std::byte>& raw) {
  const auto data = raw.first(static_cast<std::size_t>(std::min<std::uint64_t>(raw.size(), left_)));
  raw = raw.subspan(data.size());
  left_ -= data.size();
  if (left_ == 0) state_ = is_chunked_ ? State::data_cr : State::done;
  return data;
}

void BodyDecoder::take_framing(unsigned char c) {
  switch (state_) {
    case State::size:
      return take_size(c);
    case State::extension:
      return take_extension(c);
    case State::size_end:
      if (c != '\n') malformed("a chunk's first line does not end in CR LF");
      return end_of_size_line();
    case State::data_cr:
      if (c != '\r') malformed("a chunk is longer than it says");
      state_ = State::data_lf;
      return;
    case State::data_lf:
      if (c != '\n') malformed("a chunk does not end in CR LF");
      state_ = State::size;
      return;
    case State::trailer:
      return take_trailer(c);
    case State::trailer_end:
      if (c != '\n') malformed("a trailer does not end in CR LF");
      return end_of_trailer();
    case State::data:
    case State::done:
      return;
  }
}

// Of "0x3" others would read another size.
void BodyDecoder::take_size(unsigned char c) {
  const int value = hex_value(c);
  if (value >= 0) {
    if (++digits_ > kMaxSizeDigits) malformed("a chunk's size has too many digits");
    left_ = left_ << 4 | static_cast<unsigned>(value);
    return;
  }
  if (digits_ == 0) malformed("a chunk does not begin with its size");
  state_ = State::extension;
  end_part(c);
}

// Nobody uses them. But others may look for the end of a quote, or of what is no extension, behind
// the end of the line: so they have to be of the form that RFC 9112 7.1.1 gives them.
void BodyDecoder::take_extension(unsigned char c) {
  count_framing();
  const bool is_token = base::is_token_character(static_cast<char>(c));
  switch (part_) {
    case Part::blank:
    case Part::name_begin:
      if (is_space(c)) return;
      if (part_ == Part::blank ? c != ';' : !is_token) bad_extension();
      part_ = part_ == Part::blank ? Part::name_begin : Part::name;
      return;
    case Part::name:
      if (is_token) return;
      if (c != '=') return end_part(c);
      part_ = Part::value_begin;
      return;
    case Part::value_begin:
      if (!is_token && c != '"') bad_extension();
      part_ = is_token ? Part::value : Part::quoted;
      return;
    case Part::value:
      if (!is_token) end_part(c);
      return;
    case Part::quoted:
    case Part::escaped:
      if (is_control(c)) bad_extension();
      if (part_ == Part::quoted && c == '"') {
        part_ = Part::quote_end;
      } else {
        part_ = part_ == Part::quoted && c == '\\' ? Part::escaped : Part::quoted;
      }
      return;
    case Part::quote_end:
      return end_part(c);
  }
}

// Behind a size, a name or a value.
void BodyDecoder::end_part(unsigned char c) {
  if (c == '\r') {
    state_ = State::size_end;
  } else if (c == ';') {
    part_ = Part::name_begin;
  } else if (is_space(c)) {
    part_ = Part::blank;
  } else {
    bad_extension();
  }
}

void BodyDecoder::end_of_size_line() {
  state_ = left_ == 0 ? State::trailer : State::data;
  digits_ = 0;
  framing_bytes_ = 0;
}

// They say nothing that is of use here, but have to be of the form that RFC 9110 6.5 gives them.
void BodyDecoder::take_trailer(unsigned char c) {
  count_framing();
  if (c == '\r') {
    state_ = State::trailer_end;
  } else if (is_control(c)) {
    malformed("a trailer has a control character");
  } else {
    trailer_ += static_cast<char>(c);
  }
}

void BodyDecoder::end_of_trailer() {
  if (trailer_.empty()) {
    state_ = State::done;
    return;
  }
  const auto colon = trailer_.find(':');
  const std::string_view name(trailer_.data(), std::min(colon, trailer_.size()));
  const bool is_field = colon != std::string::npos && colon > 0 &&
                        std::ranges::all_of(name, base::is_token_character);
  if (!is_field) malformed("a trailer is not of the form \"name: value\"");
  // Where a body ends is not said behind it (RFC 9110 6.5.1).
  if (base::iequals(name, "Content-Length") || base::iequals(name, "Transfer-Encoding")) {
    malformed("a trailer says how long the body is");
  }
  // Who took it for a header would look for another body (RFC 9110 6.5.1).
  if (base::iequals(name, "Content-Length") || base::iequals(name, "Transfer-Encoding")) {
    malformed("a trailer says how long the body is");
  }
  trailer_.clear();
  state_ = State::trailer;
}

void BodyDecoder::count_framing() {
  if (++framing_bytes_ > kMaxFramingBytes)
    malformed("its chunks have too long extensions or trailers");
}

}  // namespace registry::http
