#pragma once

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/config/config.hpp"

namespace registry::config {

// The document with the environment laid over it, and where each part of it came from.
struct Document {
  YAML::Node root;
  std::string file;
  std::map<std::string, std::string> variables;  // path of what a variable set -> its name
  std::vector<std::string> warnings;

  // "config.yml:12" or "environment variable REGISTRY_HTTP_ADDR".
  std::string origin(const std::string& path, const YAML::Node& node) const;
};

// One map of the document, which remembers what it was asked for: the rest is unknown.
class Section {
 public:
  Section(Document& document, const YAML::Node& node, std::string path);

  bool has(std::string_view key);
  // Empty where the key is absent or null.
  Section section(std::string_view key);
  // The same; but the value may also be a word, see is_scalar.
  Section section_or_word(std::string_view key);
  // Leave `value` as it is where the key is absent or null; throw Invalid for a wrong value.
  void read(std::string_view key, std::string& value);
  void read(std::string_view key, bool& value);
  void read(std::string_view key, std::size_t& value);
  void read(std::string_view key, std::chrono::seconds& value);
  // One of `words`, in any case; returns its index, or `otherwise` where the key is absent.
  std::size_t read_word(std::string_view key, std::initializer_list<std::string_view> words,
                        std::size_t otherwise);
  // Calls out the keys that nobody asked for.
  void warn_of_unknown();
  [[noreturn]] void refuse(std::string_view key, const std::string& what);
  bool is_scalar() const { return node_.IsDefined() && node_.IsScalar(); }
  std::string scalar() const { return node_.Scalar(); }

 private:
  YAML::Node find(std::string_view key);
  YAML::Node find_scalar(std::string_view key, const char* wanted);
  std::string path_of(std::string_view key) const;

  Document& document_;
  YAML::Node node_;
  std::string path_;
  std::vector<std::string> known_;
};

// A Go duration ("1h30m", "1.5s") or an integer of nanoseconds. nullopt: neither.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// Of a few words, the one that `word` was most likely meant to be; empty: none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

// REGISTRY_A_B=value sets a.b to value, read as YAML (CONTRACT 13).
void apply_environment(Document& document, const Environment& environment);

}  // namespace registry::config
