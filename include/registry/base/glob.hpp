#pragma once

#include <string>
#include <string_view>
#include <vector>

// Patterns for names with slashes in them, such as repositories and tags:
//
//   *    any text without a slash, also none
//   **   any text, also none
//   ?    one character that is not a slash
//
// Everything else stands for itself, and the whole name has to match: "team/*" is "team/app", but
// neither "team" nor "team/app/web"; "team/**" is both "team/app" and "team/app/web".
namespace registry::base {

// Takes no memory, and time of no more than the product of the lengths but for patterns that mix
// many `*` with `**`, where it is their product with the length once more.
bool matches_glob(std::string_view pattern, std::string_view name);
bool matches_any_glob(const std::vector<std::string>& patterns, std::string_view name);

}  // namespace registry::base
