#include "section.hpp"

#include <algorithm>

#include "registry/base/text.hpp"
#include "values.hpp"

namespace registry::config {
namespace {

const YAML::Node& nothing() {
  static const YAML::Node kUndefined(YAML::NodeType::Undefined);
  return kUndefined;
}

std::string element(std::string_view key, std::size_t index) {
  return std::string(key) + "[" + std::to_string(index) + "]";
}

}  // namespace

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

void Section::warn_of_unknown() {
  if (!node_.IsDefined() || !node_.IsMap()) return;
  for (const auto& entry : node_) {
    const auto key = entry.first.Scalar();
    if (std::ranges::find(known_, key) != known_.end()) continue;
    std::string what = "this key is not known and has no effect";
    if (const auto meant = nearest(key, known_); !meant.empty()) {
      what += "; did you mean " + path_of(meant) + "?";
    }
    warn(key, what);
  }
}

YAML::Node Section::find_scalar(std::string_view key, const char* wanted) {
  const auto node = find(key);
  if (!node.IsDefined() || node.IsNull()) return nothing();
  if (!node.IsScalar()) refuse(key, std::string("must be ") + wanted);
  return node;
}

void Section::read(std::string_view key, std::string& value) {
  note(key, value);
  const auto node = find_scalar(key, "a text");
  if (node.IsDefined()) value = node.Scalar();
}

void Section::read(std::string_view key, bool& value) {
  note(key, value ? "true" : "false");
  const auto node = find_scalar(key, "true or false");
  if (!node.IsDefined()) return;
  // A quoted "true" is a text, which 2.8 takes for false without a word.
  if (node.Tag() == "!" || !YAML::convert<bool>::decode(node, value)) {
    refuse(key, "must be true or false, without quotes, not \"" + node.Scalar() + "\"");
  }
}

void Section::read(std::string_view key, std::size_t& value) {
  note(key, std::to_string(value));
  const auto node = find_scalar(key, "a whole number");
  if (!node.IsDefined()) return;
  if (node.Scalar().starts_with('-') || !YAML::convert<std::size_t>::decode(node, value)) {
    refuse(key, "must be a whole number, not \"" + node.Scalar() + "\"");
  }
}

void Section::read_if_positive(std::string_view key, std::size_t& value) {
  const auto otherwise = value;
  note(key, std::to_string(value));
  const auto node = find_scalar(key, "a whole number");
  if (!node.IsDefined()) return;
  long long number = 0;
  if (!YAML::convert<long long>::decode(node, number)) {
    refuse(key, "must be a whole number, not \"" + node.Scalar() + "\"");
  }
  value = number > 0 ? static_cast<std::size_t>(number) : otherwise;
}

void Section::read(std::string_view key, std::chrono::seconds& value) {
  note(key, to_text(value));
  const auto node = find_scalar(key, "a duration");
  if (!node.IsDefined()) return;
  const auto duration = parse_duration(node.Scalar());
  if (!duration) {
    refuse(key, "must be a duration such as 30s, 5m or 1h30m, not \"" + node.Scalar() + "\"");
  }
  value = std::chrono::ceil<std::chrono::seconds>(*duration);
}

void Section::read_positive(std::string_view key, std::chrono::seconds& value) {
  read(key, value);
  if (value <= std::chrono::seconds(0)) refuse(key, "must be longer than nothing");
}

void Section::read_required(std::string_view key, std::string& value) {
  read(key, value);
  if (value.empty() && !document_.grammar) refuse(key, "is missing, or is empty");
}

void Section::read(std::string_view key, std::vector<std::string>& value) {
  note(std::string(key) + "[]");
  const auto node = find(key);
  if (!node.IsDefined() || node.IsNull()) return;
  if (node.IsMap()) refuse(key, "must be a list of texts");
  value.clear();
  if (node.IsScalar()) value.push_back(node.Scalar());
  for (std::size_t i = 0; node.IsSequence() && i < node.size(); ++i) {
    if (!node[i].IsScalar()) refuse(element(key, i), "must be a text");
    value.push_back(node[i].Scalar());
  }
}

std::size_t Section::read_word(std::string_view key, std::initializer_list<std::string_view> words,
                               std::size_t otherwise) {
  note(key, std::string(words.begin()[otherwise]));
  const auto node = find_scalar(key, "one word");
  if (!node.IsDefined()) return otherwise;
  std::string list;
  std::size_t index = 0;
  for (const auto& word : words) {
    if (base::iequals(word, node.Scalar())) return index;
    list += (index++ == 0 ? "" : ", ") + std::string(word);
  }
  refuse(key, "must be one of " + list + ", not \"" + node.Scalar() + "\"");
}

void Section::accept(Kind kind, std::initializer_list<std::string_view> keys) {
  struct {
    std::string text;
    bool flag = false;
    std::size_t number = 0;
    std::chrono::seconds duration{0};
    std::vector<std::string> texts;
  } value;
  for (const auto key : keys) {
    switch (kind) {
      case Kind::text:
        read(key, value.text);
        break;
      case Kind::flag:
        read(key, value.flag);
        break;
      case Kind::number:
        read_if_positive(key, value.number);
        break;
      case Kind::duration:
        read(key, value.duration);
        break;
      case Kind::texts:
        read(key, value.texts);
        break;
      case Kind::any:
        note(std::string(key) + ".*");
        break;
    }
    value = {};
  }
}

}  // namespace registry::config
