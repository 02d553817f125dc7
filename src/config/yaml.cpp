#include "yaml.hpp"

#include <yaml-cpp/eventhandler.h>

#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

namespace registry::config {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxValues = 10'000;
constexpr std::string_view kMerge = "<<";

[[noreturn]] void fail(const YAML::Mark& mark, const std::string& what) {
  throw YAML::ParserException(mark, what);
}

// How many bytes the character at `at` takes; 0: it is not valid UTF-8 (RFC 3629).
std::size_t length_of_character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  constexpr unsigned kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (first < 0xc2 || first > 0xf4) return 0;
  unsigned point = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80U) return 0;
    point = point << 6U | (byte(at + i) & 0x3fU);
  }
  const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
  return point < kLeast[length] || point > 0x10ffff || is_surrogate ? 0 : length;
}

// The parser takes a byte of 4 for the end, and replaces what is not UTF-8 without a word.
void check_characters(std::string_view text) {
  YAML::Mark mark;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = length_of_character(text, at);
    if (length == 0) fail(mark, "is not UTF-8");
    const auto first = static_cast<unsigned char>(text[at]);
    if ((first < 0x20 && first != '\t' && first != '\n' && first != '\r') || first == 0x7f) {
      fail(mark, "has a control character, which YAML does not allow");
    }
    if (first == '\n') ++mark.line;
    at += length;
  }
}

// Follows the parser's events, and throws where it is not safe to build a tree of them.
class Inspector final : public YAML::EventHandler {
 public:
  bool is_null() const { return is_null_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {
    if (odd_key_) fail(*odd_key_, "a key must be a text");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    complain_of_key(mark);
    sizes_[anchor] = 1;
    count(mark, 1);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    complain_of_key(mark);
    const auto size = sizes_.find(anchor);
    if (size == sizes_.end()) fail(mark, "an alias that stands within what it names");
    is_null_ = false;
    count(mark, size->second);
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    is_null_ = false;
    if (is_at_key()) return begin_entry(mark, value);
    sizes_[anchor] = 1;
    count(mark, 1);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    push(mark, anchor, false);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    push(mark, anchor, true);
  }
  void OnSequenceEnd() override { pop(); }
  void OnMapEnd() override { pop(); }

 private:
  struct Level {
    YAML::Mark mark;
    YAML::anchor_t anchor;
    bool is_map;
    bool is_at_key;
    std::size_t size = 1;
    std::string key;
    std::set<std::string> keys;
  };

  bool is_at_key() const { return !levels_.empty() && levels_.back().is_at_key; }

  // Only at the end: the parser takes the beginning of a list that is not closed for a key, and
  // what it says of that is nearer to the fault.
  void complain_of_key(const YAML::Mark& mark) {
    if (is_at_key() && !odd_key_) odd_key_ = mark;
  }

  void begin_entry(const YAML::Mark& mark, const std::string& key) {
    auto& level = levels_.back();
    level.key = key;
    if (!level.keys.insert(key).second) fail(mark, path() + ": is given twice");
    level.is_at_key = false;
  }

  void push(const YAML::Mark& mark, YAML::anchor_t anchor, bool is_map) {
    is_null_ = false;
    complain_of_key(mark);
    if (levels_.size() == kMaxDepth) {
      fail(mark, "is nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    levels_.push_back({mark, anchor, is_map, is_map, 1, "", {}});
  }

  void pop() {
    const auto level = std::move(levels_.back());
    levels_.pop_back();
    sizes_[level.anchor] = level.size;
    count(level.mark, level.size);
  }

  // A value of `size` values has ended; or a key, if it is no text.
  void count(const YAML::Mark& mark, std::size_t size) {
    if (size > kMaxValues) fail(mark, "is too large, once its aliases are followed");
    if (levels_.empty()) return;
    auto& level = levels_.back();
    level.size += size;
    level.is_at_key = level.is_map && !level.is_at_key;
  }

  std::string path() const {
    std::string path;
    for (const auto& level : levels_) {
      if (level.is_map) path += (path.empty() ? "" : ".") + level.key;
    }
    return path;
  }

  bool is_null_ = true;
  std::optional<YAML::Mark> odd_key_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, std::size_t> sizes_;  // of what has ended; 0: that has no anchor
};

void inspect(const std::string& text) {
  check_characters(text);
  // Where a line break is the last byte, the parser takes the end for the end of a quoted text that
  // nobody closed, and the rest of the file is lost in it.
  std::istringstream in(text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
  YAML::Parser parser(in);
  Inspector first;
  parser.HandleNextDocument(first);
  Inspector second;
  if (parser.HandleNextDocument(second) && !second.is_null()) {
    throw YAML::ParserException(YAML::Mark(), "holds more than one document");
  }
}

bool is_indented_by_tab(const std::string& text, int line) {
  std::istringstream in(text);
  std::string at;
  for (int i = 0; i <= line; ++i) std::getline(in, at);
  return at.substr(0, at.find_first_not_of(" \t")).find('\t') != std::string::npos;
}

void merge_from(YAML::Node& map, const YAML::Node& source) {
  if (!source.IsMap()) fail(source.Mark(), "<<: must be a map, or a list of maps");
  for (const auto& entry : source) {
    if (!std::as_const(map)[entry.first.Scalar()].IsDefined())
      map.force_insert(entry.first, entry.second);
  }
}

// What a map says itself comes before what it merges, and the first that it merges before the rest.
// An anchored map is changed once, for all its aliases.
void resolve_merges(YAML::Node node) {
  if (node.IsSequence()) {
    for (auto element : node) resolve_merges(element);
  }
  if (!node.IsMap()) return;
  for (auto entry : node) resolve_merges(entry.second);
  const YAML::Node merge = std::as_const(node)[std::string(kMerge)];
  if (!merge.IsDefined()) return;
  node.remove(std::string(kMerge));
  if (!merge.IsSequence()) return merge_from(node, merge);
  for (const auto& source : merge) merge_from(node, source);
}

}  // namespace

YAML::Node load_yaml(const std::string& text) {
  try {
    inspect(text);
  } catch (const YAML::ParserException& error) {
    if (!is_indented_by_tab(text, error.mark.line)) throw;
    fail(error.mark, "a tab in the indentation: YAML takes only spaces there");
  }
  auto node = YAML::Load(text);
  resolve_merges(node);
  return node;
}

}  // namespace registry::config
