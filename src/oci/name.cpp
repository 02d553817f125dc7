#include "registry/oci/name.hpp"

#include <algorithm>

namespace registry::oci {
namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_letter_or_digit(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool is_separator(std::string_view run) {
  return run == "." || run == "_" || run == "__" ||
         (!run.empty() && run.find_first_not_of('-') == std::string_view::npos);
}

// [a-z0-9]+ runs joined by separators.
bool is_path_component(std::string_view text) {
  if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) {
    return false;
  }
  for (auto at = text.begin(); at != text.end();) {
    const auto separator = std::find_if_not(at, text.end(), is_lower_or_digit);
    if (separator == text.end()) return true;
    at = std::find_if(separator, text.end(), is_lower_or_digit);
    if (!is_separator(std::string_view(separator, at))) return false;
  }
  return true;
}

// Labels of letters, digits and inner "-", joined by ".". A port is not accepted: ":" has never
// been storable.
bool is_host(std::string_view text) {
  for (;;) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '-'; };
    if (!std::ranges::all_of(label, allowed)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_name_component(std::string_view text, bool first) {
  return is_path_component(text) || (first && is_host(text));
}

std::optional<RepositoryName> RepositoryName::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxLength) return std::nullopt;
  const bool nested = text.find('/') != std::string_view::npos;
  auto rest = text;
  for (bool first = true;; first = false) {
    const auto slash = rest.find('/');
    if (!is_name_component(rest.substr(0, slash), first && nested)) return std::nullopt;
    if (slash == std::string_view::npos) return RepositoryName(text);
    rest.remove_prefix(slash + 1);
  }
}

std::optional<Tag> Tag::parse(std::string_view text) {
  constexpr std::size_t kMaxLength = 128;
  if (text.empty() || text.size() > kMaxLength) return std::nullopt;
  if (!is_letter_or_digit(text.front()) && text.front() != '_') return std::nullopt;
  const auto allowed = [](char c) {
    return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
  };
  if (!std::ranges::all_of(text, allowed)) return std::nullopt;
  return Tag(text);
}

}  // namespace registry::oci
