#include "routes.hpp"

namespace registry::api {
namespace {

constexpr std::string_view kVersion = "/v2/";

// Cuts `suffix` off; false where `text` does not end in it, or nothing would be left.
bool cut_suffix(std::string_view& text, std::string_view suffix) {
  if (text.size() <= suffix.size() || !text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

}  // namespace

std::optional<Match> match(std::string_view path) {
  if (path == "/") return Match{Shape::root, {}, {}};
  if (path == kVersion) return Match{Shape::base, {}, {}};
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
  if (cut_suffix(name, "/blobs/uploads")) return Match{Shape::upload, std::string(name), last};
  if (last != "uploads" && cut_suffix(name, "/blobs")) {
    return Match{Shape::blob, std::string(name), last};
  }
  return std::nullopt;
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
