#include "registry/http/target.hpp"

#include <algorithm>

#include "fuzzer.hpp"

namespace registry::fuzz {
namespace {

using http::Target;

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool is_plain_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

void test_absolute_form(std::string_view input) {
  const auto absolute = http::parse_absolute_form(input);
  if (!absolute) return;
  require(!absolute->host.empty(), "an absolute form has a host");
  require(absolute->host.find_first_of("/?#@") == std::string_view::npos, "the host is a host");
  require(absolute->origin_form.starts_with('/'), "the rest is in origin form");
}

void test_origin_form(std::string_view input) {
  const auto target = http::parse_target(input);
  if (!target) return;
  require(input.starts_with('/') && is_plain_ascii(input), "a target is a path of plain ASCII");
  require(target->path.starts_with('/'), "a path begins with a slash");
  require(!has_control_characters(target->path), "a path has no control characters");
  for (const auto& [name, value] : target->query) {
    require(!has_control_characters(name) && !has_control_characters(value),
            "a parameter has no control characters");
    require(target->parameter(name).has_value(), "a parameter is found by its name");
  }
  const auto again = http::parse_target(http::percent_encode_path(target->path));
  require(again && again->path == target->path, "a path is read again as it was written");
}

void test_encoding(const std::string& text) {
  const auto path = http::percent_encode_path("/" + text), value = http::percent_encode(text);
  require(is_plain_ascii(path), "an encoded path is plain ASCII");
  require(value.empty() || is_plain_ascii(value), "an encoded value is plain ASCII");
  const auto of_path = http::parse_target(path), of_value = http::parse_target("/?last=" + value);
  const bool is_clean = !has_control_characters(text);
  require(of_path.has_value() == is_clean, "encoded control characters are refused in a path");
  require(of_value.has_value() == is_clean, "encoded control characters are refused in a value");
  if (!is_clean) return;
  require(of_path->path == "/" + text, "an encoded path is decoded to what it was");
  require(of_value->parameter("last") == text, "an encoded value is decoded to what it was");
}

}  // namespace

void test(std::string_view input) {
  test_absolute_form(input);
  test_origin_form(input);
  test_encoding(std::string(input));
}

}  // namespace registry::fuzz
