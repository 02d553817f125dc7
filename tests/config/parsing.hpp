#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
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

// A text to add to kLeast, which has three lines, and a part of why it is refused.
struct Wrong {
  std::string text, says;
};

inline void expect_refusals(std::initializer_list<Wrong> cases) {
  for (const auto& [text, says] : cases) {
    EXPECT_THAT(refusal(kLeast + text), testing::HasSubstr(says)) << text;
  }
}

inline void expect_no_warning(const std::string& text) {
  EXPECT_THAT(parse_text(kLeast + text).warnings, testing::IsEmpty()) << text;
}

// Exactly one, with `says` in it.
inline void expect_warning(const std::string& text, const std::string& says) {
  EXPECT_THAT(parse_text(kLeast + text).warnings, testing::ElementsAre(testing::HasSubstr(says)))
      << text;
}

}  // namespace registry::config
