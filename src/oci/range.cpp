#include "registry/oci/range.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "registry/base/text.hpp"

namespace registry::oci {
namespace {

// One "first-last", "first-" or "-length". An empty range: it is behind the end. nullopt: it is
// none of these.
std::optional<ByteRange> parse_one(std::string_view spec, std::uint64_t size) {
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first_text = spec.substr(0, dash), last_text = spec.substr(dash + 1);
  if (first_text.empty()) {
    const auto length = parse_unsigned(last_text);
    if (!length) return std::nullopt;
    return ByteRange{size - std::min(*length, size), std::min(*length, size)};
  }
  const auto first = parse_unsigned(first_text);
  const auto last =
      last_text.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_unsigned(last_text);
  if (!first || !last || *first > *last) return std::nullopt;
  if (*first >= size) return ByteRange{};
  return ByteRange{*first, std::min(*last, size - 1) - *first + 1};
}

}  // namespace

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

RangeRequest parse_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  constexpr std::size_t kMostRanges = 16;
  if (!header.starts_with(kUnit)) return {};
  header.remove_prefix(kUnit.size());
  RangeRequest request;
  std::uint64_t total = 0;
  std::size_t count = 0;
  for (bool more = true; more;) {
    const auto comma = header.find(',');
    const auto spec = base::trim(header.substr(0, comma));
    more = comma != std::string_view::npos;
    header = more ? header.substr(comma + 1) : std::string_view();
    if (spec.empty()) continue;  // no element of the list (RFC 9110 5.6.1)
    const auto range = parse_one(spec, size);
    if (!range || ++count > kMostRanges || range->length > size - total) return {};
    total += range->length;
    if (range->length > 0) request.ranges.push_back(*range);
  }
  if (count == 0) return {};
  request.kind =
      request.ranges.empty() ? RangeRequest::Kind::unsatisfiable : RangeRequest::Kind::partial;
  return request;
}

std::optional<ChunkRange> parse_chunk_range(std::string_view header) {
  header = base::trim(header);
  for (const std::string_view unit : {"bytes ", "bytes="}) {
    if (header.starts_with(unit)) header.remove_prefix(unit.size());
  }
  header = header.substr(0, header.find('/'));
  const auto dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_unsigned(header.substr(0, dash));
  const auto last = parse_unsigned(header.substr(dash + 1));
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!first || !last || *first > *last || *last >= kMax) return std::nullopt;
  return ChunkRange{*first, *last};
}

}  // namespace registry::oci
