#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace registry::base {

// The same but for the case of ASCII letters. Beast's function of this name reads a byte behind the
// end of what is not spelled alike (1.81).
inline bool iequals(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Without spaces and tabs around it.
inline std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// What a token is made of (RFC 9110 5.6.2).
inline bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// For people: "0 bytes", "1.5 MiB"; rounded down.
std::string size_text(std::uint64_t bytes);

}  // namespace registry::base
