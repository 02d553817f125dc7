#pragma once

#include <functional>
#include <string_view>
#include <system_error>

#include "registry/content/tags.hpp"
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

 private:
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
