#include "section.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <limits>
#include <set>

namespace registry::config {

std::string Document::origin(const std::string& path, const YAML::Node& node) const {
  for (auto prefix = path;;) {
    const auto found = variables.find(prefix);
    if (found != variables.end()) return "environment variable " + found->second;
    const auto dot = prefix.rfind('.');
    if (dot == std::string::npos) break;
    prefix.resize(dot);
  }
  const auto mark = node.IsDefined() ? node.Mark() : YAML::Mark::null_mark();
  if (!mark.is_null()) return file + ":" + std::to_string(mark.line + 1);
  // Not in the file: made for a variable that sets a part of it, or not there at all.
  const auto below = variables.lower_bound(path + '.');
  if (below == variables.end() || !below->first.starts_with(path + '.')) return file;
  return "environment variable " + below->second;
}

Section::Section(Document& document, const YAML::Node& node, std::string path)
    : document_(document), node_(node), path_(std::move(path)) {
  if (!node_.IsDefined() || node_.IsNull() || node_.IsScalar()) return;
  if (!node_.IsMap()) {
    throw Invalid(document_.origin(path_, node_) + ": " + path_ + ": must be a map of keys");
  }
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    if (!seen.insert(entry.first.Scalar()).second) refuse(entry.first.Scalar(), "is given twice");
  }
}

std::string Section::path_of(std::string_view key) const {
  if (path_.empty() || key.empty()) return path_ + std::string(key);
  return path_ + "." + std::string(key);
}

YAML::Node Section::find(std::string_view key) {
  known_.emplace_back(key);
  if (!node_.IsDefined() || !node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  for (const auto& entry : node_) {
    if (entry.first.Scalar() == key) return entry.second;
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

bool Section::has(std::string_view key) {
  return find(key).IsDefined();
}

Section Section::section(std::string_view key) {
  const auto node = find(key);
  if (node.IsDefined() && node.IsScalar()) refuse(key, "must be a map of keys");
  return {document_, node, path_of(key)};
}

Section Section::section_or_word(std::string_view key) {
  return {document_, find(key), path_of(key)};
}

void Section::refuse(std::string_view key, const std::string& what) {
  const auto path = path_of(key);
  auto place = node_;
  if (node_.IsDefined() && node_.IsMap()) {
    for (const auto& entry : node_) {
      // An empty value is marked where the next one begins.
      if (entry.first.Scalar() == key) place.reset(entry.first);
    }
  }
  throw Invalid(document_.origin(path, place) + ": " + path + ": " + what);
}

YAML::Node Section::find_scalar(std::string_view key, const char* wanted) {
  const auto node = find(key);
  if (!node.IsDefined() || node.IsNull()) return YAML::Node(YAML::NodeType::Undefined);
  if (!node.IsScalar()) refuse(key, std::string("must be ") + wanted);
  return node;
}

void Section::read(std::string_view key, std::string& value) {
  const auto node = find_scalar(key, "a text");
  if (node.IsDefined()) value = node.Scalar();
}

void Section::read(std::string_view key, bool& value) {
  const auto node = find_scalar(key, "true or false");
  if (!node.IsDefined()) return;
  // A quoted "true" is a text, which 2.8 takes for false without a word.
  if (node.Tag() == "!" || !YAML::convert<bool>::decode(node, value)) {
    refuse(key, "must be true or false, without quotes, not \"" + node.Scalar() + "\"");
  }
}

void Section::read(std::string_view key, std::size_t& value) {
  const auto node = find_scalar(key, "a whole number");
  if (!node.IsDefined()) return;
  if (node.Scalar().starts_with('-') || !YAML::convert<std::size_t>::decode(node, value)) {
    refuse(key, "must be a whole number, not \"" + node.Scalar() + "\"");
  }
}

void Section::read(std::string_view key, std::chrono::seconds& value) {
  const auto node = find_scalar(key, "a duration");
  if (!node.IsDefined()) return;
  const auto duration = parse_duration(node.Scalar());
  if (!duration) {
    refuse(key, "must be a duration such as 30s, 5m or 1h30m, not \"" + node.Scalar() + "\"");
  }
  value = std::chrono::ceil<std::chrono::seconds>(*duration);
}

std::size_t Section::read_word(std::string_view key, std::initializer_list<std::string_view> words,
                               std::size_t otherwise) {
  const auto node = find_scalar(key, "one word");
  if (!node.IsDefined()) return otherwise;
  std::string list;
  std::size_t index = 0;
  for (const auto& word : words) {
    if (boost::beast::iequals(word, node.Scalar())) return index;
    list += (index++ == 0 ? "" : ", ") + std::string(word);
  }
  refuse(key, "must be one of " + list + ", not \"" + node.Scalar() + "\"");
}

void Section::warn_of_unknown() {
  if (!node_.IsDefined() || !node_.IsMap()) return;
  for (const auto& entry : node_) {
    const auto key = entry.first.Scalar();
    if (std::ranges::find(known_, key) != known_.end()) continue;
    auto warning = document_.origin(path_of(key), entry.first) + ": " + path_of(key) +
                   ": this key is not known and has no effect";
    if (const auto meant = nearest(key, known_); !meant.empty()) {
      warning += "; did you mean " + path_of(meant) + "?";
    }
    document_.warnings.push_back(std::move(warning));
  }
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  static const std::vector<std::pair<std::string_view, double>> kUnits = {
      {"ns", 1},   {"us", 1e3}, {"\u00b5s", 1e3}, {"\u03bcs", 1e3},
      {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},      {"h", 3600e9}};
  constexpr double kMax = 9.2e18;
  constexpr std::size_t kMaxDigits = 100;  // far more than counts, and no more than a double holds
  if (text.empty() || text.front() == '-') return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    if (text.size() > 18) return std::nullopt;
    return std::chrono::nanoseconds(std::stoll(std::string(text)));
  }
  double total = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string number(text.substr(0, end));
    if (number.empty() || number == "." || number.size() > kMaxDigits) return std::nullopt;
    if (std::ranges::count(number, '.') > 1) return std::nullopt;
    text.remove_prefix(end);
    const auto letters = std::min(text.find_first_of("0123456789."), text.size());
    const auto unit = std::ranges::find(kUnits, text.substr(0, letters),
                                        &std::pair<std::string_view, double>::first);
    if (unit == kUnits.end()) return std::nullopt;
    text.remove_prefix(letters);
    total += std::stod(number) * unit->second;
    if (total > kMax) return std::nullopt;
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(total));
}

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  constexpr std::size_t kFarthest = 3;
  std::string best;
  auto best_distance = std::min(kFarthest, word.size() / 2) + 1;
  for (const auto& candidate : known) {
    // Levenshtein's distance, a row at a time.
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      auto diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j < row.size(); ++j) {
        const auto change = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace registry::config
