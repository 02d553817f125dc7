#include "registry/content/catalog.hpp"

#include <algorithm>

#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/content/name_set.hpp"
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
    // What a client says that it has seen last need not be there.
    const bool is_part_of_one = child.starts_with('_') && !parent.empty();
    if (is_behind && !is_part_of_one) search.unreadable(not_a_repository(text));
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

bool Catalog::scan(const Add& add, const Unreadable& unreadable,
                   const std::function<bool()>& goes_on) {
  return scan_below("", {add, unreadable, goes_on});
}

// What is in a directory tells whether it is a repository, too.
bool Catalog::scan_below(const std::string& name, const Scan& scan) {
  const auto directory = name.empty() ? paths::kRepositories : paths::kRepositories + '/' + name;
  NameSetBuilder children;
  bool is_repository = false;
  driver_.visit(directory, [&](const storage::Entry& entry) {
    const bool is_component = oci::is_name_component(entry.name, name.empty());
    const bool is_part_of_one = entry.name.starts_with('_') && !name.empty();
    if (entry.leads_nowhere) {
      scan.unreadable(not_a_repository(below(name, entry.name)));
    } else if (is_part_of_one) {
      is_repository = is_repository || entry.name == "_layers" || entry.name == "_manifests";
    } else if (entry.is_directory && is_component) {
      children.add(entry.name);
    } else if (entry.is_directory) {
      scan.unreadable(not_a_repository(below(name, entry.name)));
    }
    return scan.goes_on();
  });
  if (is_repository) add_to(scan, name);
  bool goes_on = scan.goes_on();
  children.finish().visit("", [&](std::string_view child) {
    goes_on = goes_on && scan_child(below(name, std::string(child)), scan);
    return goes_on;
  });
  return goes_on;
}

bool Catalog::scan_child(const std::string& text, const Scan& scan) {
  std::optional<std::system_error> hidden;  // what is in it; not yet what it is
  try {
    if (text.size() < oci::RepositoryName::kMaxLength) return scan_below(text, scan);
  } catch (const std::system_error& error) {
    if (!is_damage(error)) throw;
    hidden = error;
  }
  try {
    if (is_repository(text, false)) add_to(scan, text);
    if (hidden) scan.unreadable(*hidden);
  } catch (const std::system_error& error) {
    if (!is_damage(error)) throw;
    scan.unreadable(error);
  }
  return true;
}

// Of one component alone the parser knows more: it is no host.
void Catalog::add_to(const Scan& scan, const std::string& text) {
  if (oci::RepositoryName::parse(text)) {
    scan.add(text);
  } else {
    scan.unreadable(not_a_repository(text));
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
