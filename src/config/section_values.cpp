#include <algorithm>

#include "registry/base/text.hpp"
#include "section.hpp"
#include "values.hpp"

// The values of single keys.
namespace registry::config {

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

void Section::read(std::string_view key, std::optional<std::chrono::seconds>& value) {
  note(key);
  if (!is_set(key)) return;
  std::chrono::seconds given{0};
  read(key, given);
  value = given;
}

void Section::read_positive(std::string_view key, std::chrono::seconds& value) {
  read(key, value);
  if (value <= std::chrono::seconds(0)) refuse(key, "must be longer than nothing");
}

void Section::read_positive(std::string_view key, std::optional<std::chrono::seconds>& value) {
  read(key, value);
  if (value && *value <= std::chrono::seconds(0)) refuse(key, "must be longer than nothing");
}

void Section::read_positive(std::string_view key, std::optional<std::size_t>& value) {
  note(key);
  if (!is_set(key)) return;
  std::size_t given = 0;
  read(key, given);
  if (given == 0) refuse(key, "must be at least 1");
  value = given;
}

void Section::read_bytes(std::string_view key, std::uint64_t& value) {
  note(key, bytes_to_text(value));
  const auto node = find_scalar(key, "a size");
  if (!node.IsDefined()) return;
  const auto bytes = parse_bytes(node.Scalar());
  if (!bytes) {
    refuse(key, "must be a size such as 64MiB, 1.5GiB or a number of bytes, not \"" +
                    node.Scalar() + "\"");
  }
  value = *bytes;
}

void Section::read_bytes(std::string_view key, std::optional<std::uint64_t>& value) {
  note(key);
  if (!is_set(key)) return;
  std::uint64_t given = 0;
  read_bytes(key, given);
  if (given == 0) refuse(key, "must be more than nothing");
  value = given;
}

void Section::read_percentage(std::string_view key, unsigned& value) {
  note(key, std::to_string(value) + "%");
  const auto node = find_scalar(key, "a percentage");
  if (!node.IsDefined()) return;
  const auto percentage = parse_percentage(node.Scalar());
  if (!percentage) {
    refuse(key, "must be a whole percentage from 0% to 100%, not \"" + node.Scalar() + "\"");
  }
  value = *percentage;
}

void Section::read_patterns(std::string_view key, std::vector<std::string>& value) {
  read(key, value);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto what = complaint_about_glob(value[i]);
    if (!what.empty()) refuse(element(key, i), what);
  }
}

void Section::read_required(std::string_view key, std::string& value) {
  read(key, value);
  require(key);
}

void Section::require(std::string_view key) {
  if (!is_set(key) && !document_.grammar) refuse(key, "is missing, or is empty");
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
