#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "section.hpp"

namespace registry::config {
namespace {

constexpr std::string_view kPrefix = "REGISTRY_";

// Where the file is; and what Kubernetes sets in every pod beside a Service that is called
// "registry". Neither is configuration.
bool is_something_else(std::string_view name) {
  return name == "REGISTRY_CONFIGURATION_PATH" || name.starts_with("REGISTRY_SERVICE_") ||
         name == "REGISTRY_PORT" || name.starts_with("REGISTRY_PORT_");
}

std::vector<std::string> keys_of(std::string_view name) {
  std::vector<std::string> keys;
  for (name.remove_prefix(kPrefix.size());;) {
    const auto underscore = name.find('_');
    std::string key(name.substr(0, underscore));
    std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
    keys.push_back(std::move(key));
    if (underscore == std::string_view::npos) return keys;
    name.remove_prefix(underscore + 1);
  }
}

void set(YAML::Node parent, const std::vector<std::string>& keys, std::size_t at,
         const YAML::Node& value) {
  if (at + 1 == keys.size()) {
    parent[keys[at]] = value;
    return;
  }
  YAML::Node child = parent[keys[at]];
  if (!child.IsMap()) {
    YAML::Node map(YAML::NodeType::Map);
    // `storage: inmemory` is short for a map with that driver.
    if (keys[at] == "storage" && child.IsScalar()) map[child.Scalar()] = YAML::Node();
    child = map;
  }
  set(child, keys, at + 1, value);
}

}  // namespace

void apply_environment(Document& document, const Environment& environment) {
  // In the order of their names, so that a section comes before what overrides a part of it.
  for (const auto& [name, text] : environment) {
    if (!name.starts_with(kPrefix) || is_something_else(name)) continue;
    const auto keys = keys_of(name);
    if (std::ranges::find(keys, "") != keys.end() || keys.front() == "version") {
      document.warnings.push_back("environment variable " + name + " names no key: ignored");
      continue;
    }
    YAML::Node value;
    try {
      value = YAML::Load(text);
    } catch (const YAML::Exception& error) {
      throw Invalid("environment variable " + name + ": is not YAML: " + error.msg);
    }
    set(document.root, keys, 0, value);
    std::string path;
    for (const auto& key : keys) path += (path.empty() ? "" : ".") + key;
    document.variables[path] = name;
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
