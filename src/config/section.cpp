#include "section.hpp"

#include <algorithm>

#include "values.hpp"

namespace registry::config {

const YAML::Node& nothing() {
  static const YAML::Node kUndefined(YAML::NodeType::Undefined);
  return kUndefined;
}

std::string element(std::string_view key, std::size_t index) {
  return std::string(key) + "[" + std::to_string(index) + "]";
}

std::string Document::origin(const std::string& path, const YAML::Node& node) const {
  const auto parent = [](const std::string& of) {
    const auto end = of.find_last_of(".[");
    return end == std::string::npos ? std::string() : of.substr(0, end);
  };
  for (auto at = path; !at.empty(); at = parent(at)) {
    const auto found = variables.find(at);
    if (found != variables.end()) return "environment variable " + found->second;
  }
  const auto mark = node.IsDefined() ? node.Mark() : YAML::Mark::null_mark();
  if (!mark.is_null()) return file + ":" + std::to_string(mark.line + 1);
  // Not in the file: made for a variable that sets a part of it, or not there at all.
  for (auto at = path; !at.empty(); at = parent(at)) {
    for (const char* separator : {".", "["}) {
      const auto below = variables.lower_bound(at + separator);
      if (below == variables.end() || !below->first.starts_with(at + separator)) continue;
      return "environment variable " + below->second;
    }
  }
  return file;
}

Section::Section(Document& document, const YAML::Node& node, std::string path, Fate fate)
    : document_(document), node_(node), path_(std::move(path)), fate_(fate) {
  if (!node_.IsDefined() || node_.IsNull() || node_.IsScalar() || node_.IsMap()) return;
  refuse("", "must be a map of keys");
}

Section& Section::from_here(Fate fate) {
  fate_ = fate;
  return *this;
}

std::string Section::path_of(std::string_view key) const {
  if (path_.empty() || key.empty()) return path_ + std::string(key);
  return path_ + "." + std::string(key);
}

void Section::note(std::string_view key, std::string otherwise) {
  known_.emplace_back(key.substr(0, key.find_first_of(".[")));
  if (!document_.grammar) return;
  if (fate_ != Fate::served) otherwise.clear();
  document_.keys.push_back({path_of(key), fate_, std::move(otherwise)});
}

YAML::Node Section::find(std::string_view key) {
  known_.emplace_back(key);
  if (!node_.IsDefined() || !node_.IsMap()) return nothing();
  for (const auto& entry : node_) {
    if (entry.first.Scalar() == key) return entry.second;
  }
  return nothing();
}

bool Section::has(std::string_view key) {
  return find(key).IsDefined();
}

bool Section::is_set(std::string_view key) {
  const auto node = find(key);
  if (!node.IsDefined() || node.IsNull()) return false;
  return node.IsScalar() ? !node.Scalar().empty() : node.size() != 0;
}

bool Section::is_empty() const {
  return !node_.IsDefined() || node_.size() == 0;
}

Section Section::section(std::string_view key) {
  const auto node = find(key);
  if (node.IsDefined() && node.IsScalar()) refuse(key, "must be a map of keys");
  return {document_, node, path_of(key), fate_};
}

Section Section::section_or_word(std::string_view key) {
  return {document_, find(key), path_of(key), fate_};
}

std::vector<Section> Section::sections(std::string_view key) {
  const auto node = find(key);
  std::vector<Section> sections;
  if (document_.grammar) sections.emplace_back(document_, nothing(), path_of(key) + "[]", fate_);
  if (!node.IsDefined() || node.IsNull()) return sections;
  if (!node.IsSequence()) refuse(key, "must be a list");
  for (std::size_t i = 0; i < node.size(); ++i) {
    const auto name = element(key, i);
    if (node[i].IsScalar()) refuse(name, "must be a map of keys");
    sections.emplace_back(document_, node[i], path_of(name), fate_);
  }
  return sections;
}

std::vector<std::string> Section::names() {
  std::vector<std::string> names;
  if (document_.grammar) names.emplace_back("*");
  if (!node_.IsDefined() || !node_.IsMap()) return names;
  for (const auto& entry : node_) names.push_back(entry.first.Scalar());
  return names;
}

// An empty value is marked where the next one begins, so a key stands for its value.
YAML::Node Section::place_of(std::string_view key) const {
  if (!node_.IsDefined() || !node_.IsMap()) return node_;
  const auto bracket = key.rfind('[');
  for (const auto& entry : node_) {
    if (entry.first.Scalar() == key) return entry.first;
    if (!entry.second.IsSequence() || entry.first.Scalar() != key.substr(0, bracket)) continue;
    for (std::size_t i = 0; i < entry.second.size(); ++i) {
      if (element(entry.first.Scalar(), i) == key) return entry.second[i];
    }
  }
  return node_;
}

void Section::refuse(std::string_view key, const std::string& what) {
  const auto path = path_of(key);
  throw Invalid(document_.origin(path, place_of(key)) + ": " + path + ": " + what);
}

void Section::warn(std::string_view key, const std::string& what) {
  const auto path = path_of(key);
  document_.warnings.push_back(document_.origin(path, place_of(key)) + ": " + path + ": " + what);
}

std::vector<Section::Complaint> Section::unknown() const {
  std::vector<Complaint> unknown;
  if (!node_.IsDefined() || !node_.IsMap()) return unknown;
  for (const auto& entry : node_) {
    const auto key = entry.first.Scalar();
    if (std::ranges::find(known_, key) != known_.end()) continue;
    const auto meant = nearest(key, known_);
    unknown.push_back({key, meant.empty() ? "" : "; did you mean " + path_of(meant) + "?"});
  }
  return unknown;
}

void Section::warn_of_unknown() {
  for (const auto& [key, meant] : unknown()) {
    warn(key, "this key is not known and has no effect" + meant);
  }
}

void Section::refuse_unknown() {
  for (const auto& [key, meant] : unknown()) refuse(key, "this key is not known" + meant);
}

}  // namespace registry::config
