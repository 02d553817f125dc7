#pragma once

#include <functional>
#include <string_view>
#include <system_error>

#include "registry/content/page.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// The repositories there are, in the order of their paths: "a", "a/b", "a-b". Found in the tree on
// disk by going down to where a page begins, not by walking all of it. Blocking; thread-safe.
class Catalog {
 public:
  explicit Catalog(storage::Driver& driver) : driver_(driver) {}

  // Up to `limit` behind `after`, which need not exist.
  Page list(std::string_view after, std::size_t limit);
  using Unreadable = std::function<void(const std::system_error&)>;
  // Calls `visit` with each repository, also those in which there is nothing but an upload; and
  // `unreadable` for each folder that cannot be read, or has a name that no repository can have:
  // below it there may be others. For maintenance.
  void for_each(const std::function<void(const oci::RepositoryName&)>& visit,
                const Unreadable& unreadable);
  // Calls `add` with the name of each that `list` would have, in any order, by one look at each
  // folder, as long as `goes_on` returns true; false: it did not. `unreadable` as above.
  using Add = std::function<void(const std::string&)>;
  bool scan(const Add& add, const Unreadable& unreadable, const std::function<bool()>& goes_on);
  // Whether `list` has it.
  bool contains(const oci::RepositoryName& name) { return is_repository(name.str(), false); }

 private:
  struct Scan {
    const Add& add;
    const Unreadable& unreadable;
    const std::function<bool()>& goes_on;
  };
  bool scan_below(const std::string& name, const Scan& scan);
  bool scan_child(const std::string& text, const Scan& scan);
  static void add_to(const Scan& scan, const std::string& text);
  struct Search {
    std::size_t limit;
    bool with_uploads;  // also repositories that are nothing more yet
    const Unreadable& unreadable;
    Page page;
  };
  bool visit(const std::string& name, std::string_view after, Search& search);
  bool visit_child(const std::string& parent, const std::string& child, std::string_view after,
                   bool is_behind, Search& search);
  bool is_repository(const std::string& text, bool with_uploads);

  storage::Driver& driver_;
};

}  // namespace registry::content
