#include "registry/content/catalog.hpp"

#include <algorithm>

#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;

namespace {
constexpr std::size_t kChunk = 1000;

std::string below(const std::string& parent, const std::string& child) {
  return parent.empty() ? child : parent + '/' + child;
}

std::system_error not_a_repository(const std::string& text) {
  return {std::make_error_code(std::errc::invalid_argument),
          "no repository can be " + paths::kRepositories + '/' + text};
}
}  // namespace

Page Catalog::list(std::string_view after, std::size_t limit) {
  const Unreadable unreadable = [](const std::system_error& error) {
    base::log::warn_once("a folder of the store is not listed", {{"err", error.what()}});
  };
  Search search{limit, false, unreadable, {}};
  visit("", after, search);
  return std::move(search.page);
}

void Catalog::for_each(const std::function<void(const oci::RepositoryName&)>& visit,
                       const Unreadable& unreadable) {
  std::string last;
  for (bool more = true; more;) {
    Search search{kChunk, true, unreadable, {}};
    try {
      this->visit("", last, search);
    } catch (const std::system_error& error) {
      if (!is_damage(error)) throw;
      unreadable(error);  // the root itself
    }
    for (const auto& text : search.page.names) visit(*oci::RepositoryName::parse(text));
    if (!search.page.names.empty()) last = search.page.names.back();
    more = search.page.more;
  }
}

// All that is behind `after` below the directory `name`; `after` is relative to it. False: the page
// is full.
bool Catalog::visit(const std::string& name, std::string_view after, Search& search) {
  const auto slash = after.find('/');
  std::string last(after.substr(0, slash));
  // The directory in which `after` lies has repositories behind it as well.
  const auto rest = slash == std::string_view::npos ? std::string_view() : after.substr(slash + 1);
  if (!last.empty() && !visit_child(name, last, rest, false, search)) return false;
  const auto directory = name.empty() ? paths::kRepositories : paths::kRepositories + '/' + name;
  for (;;) {
    const auto entries = driver_.list(directory, last, std::min(search.limit, kChunk - 1) + 1);
    if (!entries || entries->empty()) return true;
    for (const auto& entry : *entries) {
      if (entry.leads_nowhere) search.unreadable(not_a_repository(below(name, entry.name)));
      if (!entry.is_directory) continue;
      if (!visit_child(name, entry.name, "", true, search)) return false;
    }
    last = entries->back().name;
  }
}

bool Catalog::visit_child(const std::string& parent, const std::string& child,
                          std::string_view after, bool is_behind, Search& search) {
  const auto text = below(parent, child);
  if (!oci::is_name_component(child, parent.empty())) {
    const bool is_part_of_one = child.starts_with('_') && !parent.empty();
    if (!is_part_of_one) search.unreadable(not_a_repository(text));
    return true;
  }
  try {
    if (is_behind && is_repository(text, search.with_uploads)) {
      if (!oci::RepositoryName::parse(text)) {
        search.unreadable(not_a_repository(text));
      } else if (search.page.names.size() == search.limit) {
        search.page.more = true;
        return false;
      } else {
        search.page.names.push_back(text);
      }
    }
    if (text.size() >= oci::RepositoryName::kMaxLength) return true;
    return visit(text, after, search);
  } catch (const std::system_error& error) {
    if (!is_damage(error)) throw;
    search.unreadable(error);
    return true;
  }
}

// By 2.8's rule; or one that has manifests only, as its proxy makes them.
bool Catalog::is_repository(const std::string& text, bool with_uploads) {
  const auto has = [&](const char* part) {
    return driver_.stat(paths::kRepositories + '/' + text + part).has_value();
  };
  return has("/_layers") || has("/_manifests") || (with_uploads && has("/_uploads"));
}

}  // namespace registry::content
