#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "section.hpp"

namespace registry::config {

// The paths of all known keys (see Key), for those who walk along a path without reading it. The
// root has the path "".
class Grammar {
 public:
  explicit Grammar(const std::vector<Key>& keys);

  bool is_list(const std::string& path) const { return any_begins(path + "[]"); }
  // Whether the names of its keys are free.
  bool is_free(const std::string& path) const { return any_begins(path + ".*"); }
  // Whether it has keys that are known by name.
  bool is_section(const std::string& path) const;
  bool knows(const std::string& path) const;
  // The key that a part of a variable's name, in lower case, means: by the name of the key or by
  // that of 2.8's field. nullopt: it means none.
  std::optional<std::string> key(const std::string& path, std::string_view part) const;

  static std::string below(const std::string& path, std::string_view key);

 private:
  bool any_begins(const std::string& with) const;

  std::set<std::string> paths_;
};

}  // namespace registry::config
