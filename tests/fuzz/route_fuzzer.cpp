#include "api/routes.hpp"

#include <algorithm>

#include "fuzzer.hpp"

namespace registry::fuzz {
namespace {

using api::Match;
using api::Shape;

// The path that a match stands for; empty: it has more than one.
std::string path_of(const Match& match) {
  const auto prefix = "/v2/" + match.name;
  switch (match.shape) {
    case Shape::tags:
      return prefix + "/tags/list";
    case Shape::manifest:
      return prefix + "/manifests/" + match.last;
    case Shape::blob:
      return prefix + "/blobs/" + match.last;
    case Shape::uploads:
      return prefix + "/blobs/uploads/";
    case Shape::upload:
      return prefix + "/blobs/uploads/" + match.last;
    case Shape::referrers:
      return prefix + "/referrers/" + match.last;
    case Shape::catalog:
      return "/v2/_catalog";
    case Shape::base:
      return "/v2/";
    case Shape::usage:
      return "/api/v1/usage";
    case Shape::repositories:
      return "/api/v1/repositories";
    case Shape::repository:
      return "/api/v1/repositories/" + match.name;
    case Shape::collection:
      return "/api/v1/gc";
    case Shape::retention:
      return "/api/v1/retention";
    default:
      return {};
  }
}

void test_match(std::string_view path) {
  const auto match = api::match(path);
  if (!match) return;
  const auto again = path_of(*match);
  require(again.empty() || again == path, "a path is all of its name and its last part");
  require(again.empty() == api::name_of(match->shape).empty(), "every route of the API is counted");
  require(match->last.find('/') == std::string::npos, "the last part is one segment");
  const bool is_upkeep = api::is_upkeep(match->shape);
  require(is_upkeep == path.starts_with("/api/v1/"), "the two APIs are apart");
  const bool has_name = is_upkeep ? match->shape == Shape::repository : match->shape >= Shape::tags;
  require(has_name != match->name.empty(), "what is of a repository has its name");
}

void test_cleaned(std::string_view path) {
  const auto clean = api::cleaned(path);
  const auto text = clean.value_or(std::string(path));
  require(clean != std::string(path), "nothing is cleaned into itself");
  require(!clean || !api::cleaned(*clean), "what is clean stays as it is");
  require(text.starts_with('/') && text.find("//") == std::string::npos, "no slash is doubled");
  for (std::string_view rest = text; !rest.empty();) {
    const auto segment = rest.substr(0, rest.find('/'));
    require(segment != "." && segment != "..", "no segment leads elsewhere");
    rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
  }
}

void test_slash(std::string_view path) {
  const auto turned = api::with_last_slash_turned(path);
  require(turned + '/' == path || turned == std::string(path) + '/', "only the slash is turned");
  const auto mended = api::with_slash_mended(path);
  require(!mended || api::match(*mended).has_value(), "what is mended leads somewhere");
}

}  // namespace

// A decoded path: the server lets none through that does not begin with a slash.
void test(std::string_view input) {
  const auto path = '/' + std::string(input);
  test_match(path);
  test_cleaned(path);
  test_slash(path);
}

}  // namespace registry::fuzz
