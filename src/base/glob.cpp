#include "registry/base/glob.hpp"

#include <algorithm>

namespace registry::base {
namespace {

constexpr auto kNone = std::string_view::npos;

// Where to go on when what follows a wildcard does not match: the wildcard takes one character
// more. The last wildcard is enough, as the first way to match what stands before it leaves the
// most for what comes; but a `*` ends at a slash, and then it is the turn of the last `**`.
struct Retry {
  std::size_t pattern = kNone;  // behind the wildcard
  std::size_t name = 0;         // behind what it has taken
};

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view name) {
  Retry star, stars;
  std::size_t p = 0, n = 0;
  while (n < name.size() || p < pattern.size()) {
    if (pattern.substr(p).starts_with("**")) {
      stars = {p += 2, n};
      star = {};
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = {++p, n};
    } else if (p < pattern.size() && n < name.size() &&
               (pattern[p] == '?' ? name[n] != '/' : pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star.pattern != kNone && star.name < name.size() && name[star.name] != '/') {
      p = star.pattern;
      n = ++star.name;
    } else if (stars.pattern != kNone && stars.name < name.size()) {
      p = stars.pattern;
      n = ++stars.name;
      star = {};
    } else {
      return false;
    }
  }
  return true;
}

bool matches_any_glob(const std::vector<std::string>& patterns, std::string_view name) {
  return std::ranges::any_of(patterns,
                             [&](const auto& pattern) { return matches_glob(pattern, name); });
}

}  // namespace registry::base
