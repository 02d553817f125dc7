#include "grammar.hpp"

#include <array>

namespace registry::config {
namespace {

// Variables go by the names of 2.8's fields, which are those of the keys but for these.
struct Field {
  std::string_view section, name, key;
};

constexpr std::array kFields = {
    Field{"health", "filecheckers", "file"},
    Field{"health", "httpcheckers", "http"},
    Field{"health", "tcpcheckers", "tcp"},
    Field{"notifications", "eventconfig", "events"},
    Field{"compatibility.schema1", "trustkey", "signingkeyfile"},
    Field{"log.hooks[]", "mailoptions", "options"},
};

}  // namespace

Grammar::Grammar(const std::vector<Key>& keys) {
  for (const auto& key : keys) paths_.insert(key.path);
}

bool Grammar::any_begins(const std::string& with) const {
  const auto found = paths_.lower_bound(with);
  return found != paths_.end() && found->starts_with(with);
}

bool Grammar::is_section(const std::string& path) const {
  return path.empty() || (any_begins(path + ".") && !is_free(path));
}

bool Grammar::knows(const std::string& path) const {
  return paths_.contains(path) || is_list(path) || is_free(path) || is_section(path);
}

std::optional<std::string> Grammar::key(const std::string& path, std::string_view part) const {
  for (const auto& field : kFields) {
    if (field.section == path && field.name == part) return std::string(field.key);
  }
  if (knows(below(path, part))) return std::string(part);
  return std::nullopt;
}

std::string Grammar::below(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

}  // namespace registry::config
