#pragma once

#include <algorithm>
#include <string_view>

namespace registry::base {

// The same but for the case of ASCII letters. Beast's function of this name reads a byte behind the
// end of what is not spelled alike (1.81).
inline bool iequals(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace registry::base
