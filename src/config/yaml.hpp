#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace registry::config {

// One YAML document that it is safe to walk: it is valid UTF-8, nested no deeper than 64, no larger
// than 10,000 values once its aliases are followed, holds no cycle, and no key twice in a map.
// Merge keys (`<<`) are resolved, which the parser leaves to us. Throws YAML::Exception, with the
// place of what is wrong.
YAML::Node load_yaml(const std::string& text);

}  // namespace registry::config
