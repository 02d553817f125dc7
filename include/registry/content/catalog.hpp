#pragma once

#include <string_view>

#include "registry/content/tags.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// The repositories there are, in the order of their paths: "a", "a/b", "a-b". Found in the tree on
// disk by going down to where a page begins, not by walking all of it. Blocking; thread-safe.
class Catalog {
 public:
  explicit Catalog(storage::Driver& driver) : driver_(driver) {}

  // Up to `limit` behind `after`, which need not exist.
  Page list(std::string_view after, std::size_t limit);

 private:
  bool visit(const std::string& name, std::string_view after, std::size_t limit, Page& page);
  bool visit_child(const std::string& parent, const std::string& child, std::string_view after,
                   bool is_behind, std::size_t limit, Page& page);

  storage::Driver& driver_;
};

}  // namespace registry::content
