#include "routes.hpp"

#include <algorithm>
#include <array>

namespace registry::api {
namespace {

constexpr std::string_view kVersion = "/v2/";
constexpr std::string_view kUpkeep = "/api/v1/";
constexpr std::string_view kUpkeepName = "api";

// Cuts `suffix` off; false where `text` does not end in it, or nothing would be left.
bool cut_suffix(std::string_view& text, std::string_view suffix) {
  if (text.size() <= suffix.size() || !text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

constexpr std::array<std::pair<Shape, std::string_view>, 8> kNames = {{
    {Shape::base, "base"},
    {Shape::catalog, "catalog"},
    {Shape::tags, "tags"},
    {Shape::manifest, "manifest"},
    {Shape::blob, "blob"},
    {Shape::uploads, "blob_upload"},
    {Shape::upload, "blob_upload_chunk"},
    {Shape::referrers, "referrers"},
}};

constexpr std::array<std::pair<std::string_view, Shape>, 4> kUpkeepPaths = {{
    {"usage", Shape::usage},
    {"repositories", Shape::repositories},
    {"gc", Shape::collection},
    {"retention", Shape::retention},
}};

std::optional<Match> match_upkeep(std::string_view path) {
  for (const auto& [name, shape] : kUpkeepPaths) {
    if (path == name) return Match{shape, {}, {}};
  }
  constexpr std::string_view kRepository = "repositories/";
  const bool is_one = path.size() > kRepository.size() && path.starts_with(kRepository);
  if (!is_one || path.ends_with('/')) return std::nullopt;
  return Match{Shape::repository, std::string(path.substr(kRepository.size())), {}};
}

}  // namespace

bool is_upkeep(Shape shape) {
  return shape >= Shape::usage;
}

std::string_view name_of(Shape shape) {
  if (is_upkeep(shape)) return kUpkeepName;
  for (const auto& [named, name] : kNames) {
    if (named == shape) return name;
  }
  return {};
}

std::vector<std::string_view> route_names() {
  std::vector<std::string_view> names;
  names.reserve(kNames.size() + 1);
  for (const auto& [_, name] : kNames) names.push_back(name);
  names.push_back(kUpkeepName);
  return names;
}

bool is_probe(std::string_view path) {
  return path == "/livez" || path == "/healthz" || path == "/readyz";
}

std::optional<Match> match(std::string_view path) {
  if (path == "/") return Match{Shape::root, {}, {}};
  if (path == "/livez" || path == "/healthz") return Match{Shape::live, {}, {}};
  if (path == "/readyz") return Match{Shape::ready, {}, {}};
  if (path == kVersion) return Match{Shape::base, {}, {}};
  if (path.starts_with(kUpkeep)) return match_upkeep(path.substr(kUpkeep.size()));
  if (!path.starts_with(kVersion)) return std::nullopt;
  auto name = path.substr(kVersion.size());
  if (name == "_catalog") return Match{Shape::catalog, {}, {}};
  if (cut_suffix(name, "/tags/list")) return Match{Shape::tags, std::string(name), {}};
  if (cut_suffix(name, "/blobs/uploads/")) return Match{Shape::uploads, std::string(name), {}};

  const auto slash = name.rfind('/');
  if (slash == std::string_view::npos || slash + 1 == name.size()) return std::nullopt;
  const std::string last(name.substr(slash + 1));
  name = name.substr(0, slash);
  if (cut_suffix(name, "/manifests")) return Match{Shape::manifest, std::string(name), last};
  if (cut_suffix(name, "/referrers")) return Match{Shape::referrers, std::string(name), last};
  if (cut_suffix(name, "/blobs/uploads")) return Match{Shape::upload, std::string(name), last};
  if (last != "uploads" && cut_suffix(name, "/blobs")) {
    return Match{Shape::blob, std::string(name), last};
  }
  return std::nullopt;
}

std::optional<std::string> cleaned(std::string_view path) {
  if (path.find("//") == std::string_view::npos && path.find("/.") == std::string_view::npos) {
    return std::nullopt;
  }
  const auto given = path;
  std::vector<std::string_view> segments;
  const bool ends_in_slash = path.ends_with('/');
  while (!path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (segment == ".." && !segments.empty()) segments.pop_back();
    if (!segment.empty() && segment != "." && segment != "..") segments.push_back(segment);
  }
  std::string clean;
  for (const auto segment : segments) clean.append("/").append(segment);
  if (clean.empty() || ends_in_slash) clean += '/';
  if (clean == given) return std::nullopt;
  return clean;
}

std::string with_last_slash_turned(std::string_view path) {
  if (path.ends_with('/')) return std::string(path.substr(0, path.size() - 1));
  return std::string(path) + '/';
}

std::optional<std::string> with_slash_mended(std::string_view path) {
  auto mended = with_last_slash_turned(path);
  if (!match(mended)) return std::nullopt;
  return mended;
}

}  // namespace registry::api
