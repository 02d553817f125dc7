#pragma once

#include <string>

#include "registry/config/config.hpp"

namespace registry::config {

// What a file needs at least; the tests add to it.
inline const std::string kLeast = "version: 0.1\nstorage:\n  filesystem:\n";

inline Loaded parse_text(const std::string& text, const Environment& environment = {}) {
  return parse(text, "test.yml", environment);
}

// Why the text is refused; empty: it is not.
inline std::string refusal(const std::string& text, const Environment& environment = {}) {
  try {
    parse_text(text, environment);
  } catch (const Invalid& error) {
    return error.what();
  }
  return "";
}

}  // namespace registry::config
