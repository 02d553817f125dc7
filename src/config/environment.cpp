#include <re2/re2.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "grammar.hpp"
#include "registry/base/text.hpp"
#include "section.hpp"
#include "yaml.hpp"

namespace registry::config {
namespace {

constexpr std::string_view kPrefix = "REGISTRY_";
constexpr std::size_t kNoIndex = static_cast<std::size_t>(-1);

using Parts = std::vector<std::string>;

// Where the file is; where podman and skopeo keep their logins; and what Kubernetes sets in every
// pod beside a Service that is called "registry". None of it is configuration.
bool is_something_else(std::string_view name) {
  return name == "REGISTRY_CONFIGURATION_PATH" || name == "REGISTRY_AUTH_FILE" ||
         name.starts_with("REGISTRY_SERVICE_") || name == "REGISTRY_PORT" ||
         name.starts_with("REGISTRY_PORT_");
}

// What Kubernetes sets beside a Service that is called "registry-auth" or "registry-redis".
bool is_of_a_service(const std::string& name, const std::string& text) {
  static const re2::RE2 kAddress("(tcp|udp|sctp)://.*");
  static const re2::RE2 kPart(
      ".*_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)");
  if (name.ends_with("_PORT") && re2::RE2::FullMatch(text, kAddress)) return true;
  return re2::RE2::FullMatch(name, kPart);
}

Parts parts_of(std::string_view name) {
  Parts parts;
  for (name.remove_prefix(kPrefix.size());;) {
    const auto underscore = name.find('_');
    std::string part(name.substr(0, underscore));
    std::ranges::transform(part, part.begin(), [](unsigned char c) { return std::tolower(c); });
    parts.push_back(std::move(part));
    if (underscore == std::string_view::npos) return parts;
    name.remove_prefix(underscore + 1);
  }
}

std::size_t index_of(std::string_view part) {
  std::size_t index = kNoIndex;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  const bool is_index = error == std::errc() && end == part.data() + part.size();
  return is_index ? index : kNoIndex;
}

// Gives the parts the names of keys, where they go by those of 2.8's fields. False: they mean none.
bool resolve(Parts& parts, const Grammar& grammar) {
  std::string rule;
  for (auto& part : parts) {
    if (grammar.is_free(rule)) return true;
    if (grammar.is_list(rule)) {
      rule += "[]";
      continue;
    }
    part = grammar.key(rule, part).value_or(part);
    rule = Grammar::below(rule, part);
  }
  return grammar.knows(rule);
}

struct Variable {
  std::string name;
  std::string text;
  Parts parts;
};

// A section before what overrides a part of it, and element 2 of a list before element 10.
bool comes_before(const Variable& a, const Variable& b) {
  if (a.parts == b.parts) return a.name < b.name;
  return std::ranges::lexicographical_compare(
      a.parts, b.parts, [](const std::string& x, const std::string& y) {
        const auto i = index_of(x), j = index_of(y);
        return i != kNoIndex && j != kNoIndex ? i < j : x < y;
      });
}

// In its old place, as the order may mean something; else at the end.
YAML::Node with_entry(const YAML::Node& map, const std::string& key, const YAML::Node& value) {
  YAML::Node changed(YAML::NodeType::Map);
  bool is_new = true;
  for (const auto& entry : map) {
    const bool is_it = entry.first.Scalar() == key;
    changed.force_insert(entry.first, is_it ? value : entry.second);
    is_new = is_new && !is_it;
  }
  if (is_new) changed.force_insert(key, value);
  return changed;
}

// Lays one variable over the document. Every map and list on the way is made anew, as an alias in
// the file may share it with another key, which the variable does not name.
class Override {
 public:
  Override(Document& document, const Grammar& grammar, const Variable& variable)
      : document_(document), grammar_(grammar), variable_(variable) {}

  void apply() {
    const std::span<const std::string> parts(variable_.parts);
    const auto changed = placed(document_.root, {"", ""}, parts);
    if (!names_a_key_) {
      document_.warnings.push_back(named() + " names no key: ignored");
      return;
    }
    document_.root.reset(changed);
    document_.variables[path_] = variable_.name;
  }

 private:
  // As it is in the document ("health.tcp[1]"), and in the grammar ("health.tcp[]").
  struct Place {
    std::string path, rule;
  };

  std::string named() const { return "environment variable " + variable_.name; }

  [[noreturn]] void refuse(const Place& place, const std::string& what) const {
    throw Invalid(named() + ": " + place.path + ": " + what);
  }

  YAML::Node value() const {
    try {
      return load_yaml(variable_.text);
    } catch (const YAML::Exception& error) {
      throw Invalid(named() + ": is not YAML: " + error.msg);
    }
  }

  YAML::Node placed(const YAML::Node& node, const Place& place,
                    std::span<const std::string> parts) {
    if (parts.empty()) {
      path_ = place.path;
      return value();
    }
    if (grammar_.is_list(place.rule)) return with_element(node, place, parts);
    if (grammar_.is_free(place.rule)) return with_free_name(node, place, parts);
    const bool is_known = grammar_.knows(place.rule);
    const bool may_have_keys = is_known ? grammar_.is_section(place.rule) : is_map_or_null(node);
    if (!may_have_keys) {
      names_a_key_ = false;
      return node;
    }
    const auto& key = parts.front();
    const Place below = {Grammar::below(place.path, key), Grammar::below(place.rule, key)};
    const auto map = as_map(node, place);
    return with_entry(map, key, placed(find(map, key), below, parts.subspan(1)));
  }

  YAML::Node with_element(const YAML::Node& node, const Place& place,
                          std::span<const std::string> parts) {
    const auto index = index_of(parts.front());
    if (index == kNoIndex) {
      names_a_key_ = false;
      return node;
    }
    const auto list = as_list(node, place);
    if (index > list.size()) {
      refuse(place, "has " + std::to_string(list.size()) +
                        " elements: the next one has the index " + std::to_string(list.size()));
    }
    const auto name = "[" + std::to_string(index) + "]";
    const Place below = {place.path + name, place.rule + "[]"};
    YAML::Node changed(YAML::NodeType::Sequence);
    for (std::size_t i = 0; i < list.size() || i == index; ++i) {
      const auto old = i < list.size() ? list[i] : YAML::Node();
      changed.push_back(i == index ? placed(old, below, parts.subspan(1)) : old);
    }
    return changed;
  }

  // The name may have underscores of its own; where its value is a list, an index may follow.
  YAML::Node with_free_name(const YAML::Node& node, const Place& place,
                            std::span<const std::string> parts) {
    const auto rule = place.rule + ".*";
    const bool has_index =
        grammar_.is_list(rule) && parts.size() > 1 && index_of(parts.back()) != kNoIndex;
    const auto rest = parts.last(has_index ? 1 : 0);
    std::string name;
    for (const auto& part : parts.first(parts.size() - rest.size())) {
      name += (name.empty() ? "" : "_") + part;
    }
    const auto map = as_map(node, place);
    for (const auto& entry : map) {
      if (base::iequals(entry.first.Scalar(), name)) name = entry.first.Scalar();
    }
    const Place below = {Grammar::below(place.path, name), rule};
    return with_entry(map, name, placed(find(map, name), below, rest));
  }

  static bool is_map_or_null(const YAML::Node& node) { return node.IsMap() || node.IsNull(); }

  static YAML::Node find(const YAML::Node& map, const std::string& key) {
    for (const auto& entry : map) {
      if (entry.first.Scalar() == key) return entry.second;
    }
    return {};
  }

  // `storage: inmemory` and `auth: none` are short for a map with that one key.
  YAML::Node as_map(const YAML::Node& node, const Place& place) const {
    if (node.IsMap()) return node;
    YAML::Node map(YAML::NodeType::Map);
    if (node.IsNull()) return map;
    if (node.IsScalar() && (place.path == "storage" || place.path == "auth")) {
      return with_entry(map, node.Scalar(), {});
    }
    throw Invalid(document_.origin(place.path, node) + ": " + place.path +
                  ": must be a map of keys");
  }

  YAML::Node as_list(const YAML::Node& node, const Place& place) const {
    if (node.IsSequence()) return node;
    YAML::Node list(YAML::NodeType::Sequence);
    if (node.IsScalar()) list.push_back(node);
    if (!node.IsMap()) return list;
    throw Invalid(document_.origin(place.path, node) + ": " + place.path + ": must be a list");
  }

  Document& document_;
  const Grammar& grammar_;
  const Variable& variable_;
  std::string path_;
  bool names_a_key_ = true;
};

std::vector<Variable> variables_of(Document& document, const Environment& environment,
                                   const Grammar& grammar) {
  std::vector<Variable> variables;
  for (const auto& [name, text] : environment) {
    if (!name.starts_with(kPrefix) || is_something_else(name)) continue;
    auto parts = parts_of(name);
    if (std::ranges::find(parts, "") != parts.end() || parts.front() == "version") {
      document.warnings.push_back("environment variable " + name + " names no key: ignored");
      continue;
    }
    if (!resolve(parts, grammar) && is_of_a_service(name, text)) continue;
    variables.push_back({name, text, std::move(parts)});
  }
  std::ranges::sort(variables, comes_before);
  return variables;
}

}  // namespace

void apply_environment(Document& document, const Environment& environment,
                       const std::vector<Key>& keys) {
  const Grammar grammar(keys);
  for (const auto& variable : variables_of(document, environment, grammar)) {
    Override(document, grammar, variable).apply();
  }
}

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

}  // namespace registry::config
