#pragma once

#include <source_location>
#include <string_view>

namespace registry::fuzz {

// What a target does with one input: each x_fuzzer.cpp has its own.
void test(std::string_view input);

// Ends the process where `holds` is false: libFuzzer then keeps the input.
void require(bool holds, const char* what,
             const std::source_location& at = std::source_location::current());

// Cuts the first line, without its end, off `input`: what comes before the text itself.
inline std::string_view take_line(std::string_view& input) {
  const auto end = input.find('\n');
  const auto line = input.substr(0, end);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  return line;
}

}  // namespace registry::fuzz
