#include "registry/content/catalog.hpp"

#include <algorithm>

#include "registry/oci/name.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;

namespace {
constexpr std::size_t kChunk = 1000;

std::string below(const std::string& parent, const std::string& child) {
  return parent.empty() ? child : parent + '/' + child;
}
}  // namespace

Page Catalog::list(std::string_view after, std::size_t limit) {
  Page page;
  visit("", after, limit, page);
  return page;
}

// All that is behind `after` below the directory `name`; `after` is relative to it. False: the page
// is full.
bool Catalog::visit(const std::string& name, std::string_view after, std::size_t limit,
                    Page& page) {
  const auto slash = after.find('/');
  std::string last(after.substr(0, slash));
  // The directory in which `after` lies has repositories behind it as well.
  const auto rest = slash == std::string_view::npos ? std::string_view() : after.substr(slash + 1);
  if (!last.empty() && !visit_child(name, last, rest, false, limit, page)) return false;
  const auto directory = name.empty() ? paths::kRepositories : paths::kRepositories + '/' + name;
  for (;;) {
    const auto entries = driver_.list(directory, last, std::min(limit, kChunk - 1) + 1);
    if (!entries || entries->empty()) return true;
    for (const auto& entry : *entries) {
      if (!entry.is_directory) continue;
      if (!visit_child(name, entry.name, "", true, limit, page)) return false;
    }
    last = entries->back().name;
  }
}

bool Catalog::visit_child(const std::string& parent, const std::string& child,
                          std::string_view after, bool is_behind, std::size_t limit, Page& page) {
  if (!oci::is_name_component(child, parent.empty())) return true;
  const auto text = below(parent, child);
  const auto name = oci::RepositoryName::parse(text);
  // A repository by 2.8's rule; or one that has manifests only, as its proxy makes them.
  if (is_behind && name &&
      (driver_.stat(paths::layers(*name)) || driver_.stat(paths::manifests(*name)))) {
    if (page.names.size() == limit) {
      page.more = true;
      return false;
    }
    page.names.push_back(text);
  }
  if (text.size() >= oci::RepositoryName::kMaxLength) return true;
  return visit(text, after, limit, page);
}

}  // namespace registry::content
