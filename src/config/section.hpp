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

// What becomes of a key that is known.
enum class Fate {
  served,
  silent,   // has no effect, and needs none
  warned,   // has no effect, which the operator should know
  refused,  // what it asks for cannot be had, and to serve without it would be wrong
};

// As the documents write it: "http.addr"; "health.tcp[].addr" in a list; "log.fields.*" where the
// names are free.
struct Key {
  std::string path;
  Fate fate;
  std::string otherwise;  // the default
};

// The document with the environment laid over it, and where each part of it came from.
struct Document {
  YAML::Node root;
  std::string file;
  std::map<std::string, std::string> variables;  // path of what a variable set -> its name
  std::vector<std::string> warnings;
  // Instead of what is in the document, all that could be is asked for, and noted in `keys`: each
  // list has one element, each map of free names one name, "*".
  bool grammar = false;
  std::vector<Key> keys;

  // "config.yml:12" or "environment variable REGISTRY_HTTP_ADDR".
  std::string origin(const std::string& path, const YAML::Node& node) const;
};

// Stands for the value of a key that is absent.
const YAML::Node& nothing();

// The key of an element of a list: "classes[1]".
std::string element(std::string_view key, std::size_t index);

enum class Kind { text, flag, number, duration, texts, any };

// One map of the document, which remembers what it was asked for: the rest is unknown.
class Section {
 public:
  Section(Document& document, const YAML::Node& node, std::string path, Fate fate = Fate::served);

  // What is asked for from here on, and in the sections below it, has this fate.
  Section& from_here(Fate fate);

  bool has(std::string_view key);
  // Neither absent nor null nor empty.
  bool is_set(std::string_view key);
  bool is_empty() const;
  // Empty where the key is absent or null.
  Section section(std::string_view key);
  // The same; but the value may also be a word, see is_scalar.
  Section section_or_word(std::string_view key);
  // Of a list of maps.
  std::vector<Section> sections(std::string_view key);
  // The keys of a map whose names are free: all of them are known.
  std::vector<std::string> names();

  // Leave `value` as it is where the key is absent or null; throw Invalid for a wrong value.
  void read(std::string_view key, std::string& value);
  void read(std::string_view key, bool& value);
  void read(std::string_view key, std::size_t& value);
  void read(std::string_view key, std::chrono::seconds& value);
  void read(std::string_view key, std::vector<std::string>& value);  // one text is a list of one
  void read(std::string_view key, std::optional<std::chrono::seconds>& value);
  void read_positive(std::string_view key, std::chrono::seconds& value);
  void read_positive(std::string_view key, std::optional<std::chrono::seconds>& value);
  void read_positive(std::string_view key, std::optional<std::size_t>& value);
  void read_bytes(std::string_view key, std::uint64_t& value);
  void read_bytes(std::string_view key, std::optional<std::uint64_t>& value);  // more than 0
  void read_percentage(std::string_view key, unsigned& value);
  void read_patterns(std::string_view key, std::vector<std::string>& value);  // see base/glob.hpp
  void read_required(std::string_view key, std::string& value);
  void require(std::string_view key);  // refuses its absence, and that of a value
  // Zero and less stand for `value`.
  void read_if_positive(std::string_view key, std::size_t& value);
  // One of `words`, in any case; returns its index, or `otherwise` where the key is absent.
  std::size_t read_word(std::string_view key, std::initializer_list<std::string_view> words,
                        std::size_t otherwise);
  // Looks at the types of keys of which nothing else is wanted.
  void accept(Kind kind, std::initializer_list<std::string_view> keys);

  // Calls out the keys that nobody asked for.
  void warn_of_unknown();
  // For what would do harm without the key that was meant.
  void refuse_unknown();
  // `key` may be an element of a list: "classes[1]". Empty: the section itself.
  void warn(std::string_view key, const std::string& what);
  [[noreturn]] void refuse(std::string_view key, const std::string& what);
  bool is_scalar() const { return node_.IsDefined() && node_.IsScalar(); }
  std::string scalar() const { return node_.Scalar(); }
  // For a key that is known without being read.
  void note(std::string_view key, std::string otherwise = "");

 private:
  struct Complaint {
    std::string key, meant;
  };

  std::vector<Complaint> unknown() const;
  YAML::Node find(std::string_view key);
  YAML::Node find_scalar(std::string_view key, const char* wanted);
  YAML::Node place_of(std::string_view key) const;
  std::string path_of(std::string_view key) const;

  Document& document_;
  YAML::Node node_;
  std::string path_;
  Fate fate_;
  std::vector<std::string> known_;
};

// Every key that is known, in the order in which they are read.
std::vector<Key> known_keys();

// REGISTRY_A_B=value sets a.b to value, read as YAML (CONTRACT 13). `keys` are those that are
// known.
void apply_environment(Document& document, const Environment& environment,
                       const std::vector<Key>& keys);

}  // namespace registry::config
