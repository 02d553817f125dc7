#include "registry/oci/range.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace registry::oci {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// "-n": the last n bytes.
RangeRequest suffix_of(std::uint64_t length, std::uint64_t size) {
  if (length == 0 || size == 0) return {RangeRequest::Kind::unsatisfiable, {}};
  length = std::min(length, size);
  return {RangeRequest::Kind::partial, {size - length, length}};
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
  if (!header.starts_with(kUnit)) return {};
  const auto spec = trim(header.substr(kUnit.size()));
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos) return {};
  const auto first = parse_unsigned(spec.substr(0, dash));
  const auto last_text = spec.substr(dash + 1);
  const auto last =
      last_text.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_unsigned(last_text);
  if (!last) return {};
  if (dash == 0) return last_text.empty() ? RangeRequest{} : suffix_of(*last, size);
  if (!first || *first > *last) return {};
  if (*first >= size) return {RangeRequest::Kind::unsatisfiable, {}};
  return {RangeRequest::Kind::partial, {*first, std::min(*last, size - 1) - *first + 1}};
}

std::optional<ChunkRange> parse_chunk_range(std::string_view header) {
  header = trim(header);
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
