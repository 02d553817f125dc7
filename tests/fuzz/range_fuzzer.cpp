#include "registry/oci/range.hpp"

#include <string>

#include "fuzzer.hpp"

namespace registry::fuzz {
namespace {

using oci::RangeRequest;

std::string rendered(const RangeRequest& request) {
  std::string text = "bytes=";
  for (const auto& [offset, length] : request.ranges) {
    if (text.back() != '=') text += ',';
    text += std::to_string(offset) + '-' + std::to_string(offset + length - 1);
  }
  return text;
}

void test_range(std::string_view header, std::uint64_t size) {
  const auto request = oci::parse_range(header, size);
  const bool is_partial = request.kind == RangeRequest::Kind::partial;
  require(is_partial != request.ranges.empty(), "only a partial request has ranges");
  require(request.kind == RangeRequest::Kind::whole || header.starts_with("bytes="),
          "another unit is ignored");
  require(request.ranges.size() <= 16, "there are no more than 16 ranges");
  std::uint64_t left = size;
  for (const auto& [offset, length] : request.ranges) {
    require(length > 0, "no range is empty");
    require(offset < size && length <= size - offset, "a range is within the blob");
    require(length <= left, "all ranges together are no longer than the blob");
    left -= length;
  }
  if (!is_partial) return;
  const auto again = oci::parse_range(rendered(request), size);
  require(again.kind == request.kind && again.ranges == request.ranges,
          "ranges are read again as they were written");
}

void test_chunk_range(std::string_view header) {
  const auto range = oci::parse_chunk_range(header);
  if (!range) return;
  require(range->first <= range->last, "a chunk does not end before it begins");
  require(range->last < INT64_MAX, "an offset fits what 2.8 counts with");
  require(range->length() == range->last - range->first + 1 && range->length() > 0,
          "a chunk has a length");
  const auto again =
      oci::parse_chunk_range(std::to_string(range->first) + '-' + std::to_string(range->last));
  require(again && again->first == range->first && again->last == range->last,
          "a chunk's range is read again as it was written");
}

}  // namespace

// The first line: the size of the blob. The rest: the header.
void test(std::string_view input) {
  const auto size = oci::parse_unsigned(take_line(input)).value_or(1000);
  require(oci::parse_unsigned(std::to_string(size)) == size, "a number is read as it was written");
  test_range(input, size);
  test_chunk_range(input);
}

}  // namespace registry::fuzz
