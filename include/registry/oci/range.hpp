#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace registry::oci {

// Of a blob: `length` bytes from `offset` on. Never empty.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct RangeRequest {
  enum class Kind { whole, partial, unsatisfiable };
  Kind kind = Kind::whole;
  std::vector<ByteRange> ranges;  // of `partial`: at least one, in the order of the request
};

// The Range header of a GET (RFC 9110 14.2) against a blob of `size` bytes. Those ranges that begin
// behind the end are left out; where none remains the request is unsatisfiable. Another unit, what
// cannot be parsed, more than 16 ranges, and ranges that together are longer than the blob are
// ignored, as the RFC allows: the whole blob is sent.
RangeRequest parse_range(std::string_view header, std::uint64_t size);

// The Content-Range of a chunk (spec "Pushing a blob in chunks"): "first-last". RFC 9110's
// "bytes first-last/size" is taken as well.
struct ChunkRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive, not below `first`
  std::uint64_t length() const { return last - first + 1; }
};
std::optional<ChunkRange> parse_chunk_range(std::string_view header);

// Decimal digits only; nullopt for any other text and for what does not fit.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

}  // namespace registry::oci
