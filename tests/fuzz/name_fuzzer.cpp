#include "registry/oci/name.hpp"

#include <re2/re2.h>

#include "fuzzer.hpp"
#include "registry/storage/paths.hpp"

namespace registry::fuzz {
namespace {

// 2.8's grammar (reference/regexp.go), but for the port of a host, which is not storable.
const re2::RE2& pattern_of_names() {
  static const std::string kComponent = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
  static const std::string kLabel = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
  static const re2::RE2 kPattern(
      "(?:" + kLabel + "(?:\\." + kLabel + ")*/)?" + kComponent + "(?:/" + kComponent + ")*",
      re2::RE2::Latin1);
  return kPattern;
}

const re2::RE2& pattern_of_tags() {
  static const re2::RE2 kPattern("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re2::RE2::Latin1);
  return kPattern;
}

// Ours are the folders that begin with "_", and nothing leads out of the tree.
void test_path(std::string_view path) {
  for (;;) {
    const auto slash = path.find('/');
    const auto component = path.substr(0, slash);
    require(!component.empty() && component != "." && component != "..", "a path goes only down");
    require(component.front() != '_' && component.front() != '.', "it is none of our own folders");
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

void test_name(std::string_view input) {
  const auto name = oci::RepositoryName::parse(input);
  const bool matches = re2::RE2::FullMatch({input.data(), input.size()}, pattern_of_names());
  require(name.has_value() == (matches && input.size() <= 255), "a name is what 2.8 takes for one");
  if (!name) return;
  require(name->str() == input, "nothing is mended in reading");
  test_path(name->str());
  require(
      storage::paths::repository(*name) == storage::paths::kRepositories + '/' + std::string(input),
      "a repository lies under its name");
  bool first = input.find('/') != std::string_view::npos;
  for (auto rest = input; !rest.empty(); first = false) {
    const auto slash = std::min(rest.find('/'), rest.size());
    require(oci::is_name_component(rest.substr(0, slash), first), "a walk finds what was stored");
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
}

}  // namespace

void test(std::string_view input) {
  test_name(input);
  const auto tag = oci::Tag::parse(input);
  const bool matches = re2::RE2::FullMatch({input.data(), input.size()}, pattern_of_tags());
  require(tag.has_value() == matches, "a tag is what the specification takes for one");
  if (tag) {
    require(tag->str() == input && input != "." && input != ".." && input.front() != '.' &&
                input.find('/') == std::string_view::npos,
            "a tag is safe in a path");
  }
  for (const bool first : {false, true}) {
    if (oci::is_name_component(input, first)) test_path(input);
  }
}

}  // namespace registry::fuzz
