#include "values.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "registry/base/text.hpp"

namespace registry::config {

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

std::string to_text(std::chrono::seconds duration) {
  const auto count = duration.count();
  if (count != 0 && count % 3600 == 0) return std::to_string(count / 3600) + "h";
  if (count != 0 && count % 60 == 0) return std::to_string(count / 60) + "m";
  return std::to_string(count) + "s";
}

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array kUnits = {
    Unit{"TiB", std::uint64_t{1} << 40}, Unit{"GiB", std::uint64_t{1} << 30},
    Unit{"MiB", std::uint64_t{1} << 20}, Unit{"KiB", std::uint64_t{1} << 10}};

// Digits and nothing else.
std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr double kMax = 9.2e18;
  constexpr std::size_t kMaxDigits = 100;  // as in a duration
  const auto unit =
      std::ranges::find_if(kUnits, [&](const Unit& u) { return text.ends_with(u.name); });
  if (unit == kUnits.end()) {
    const auto bytes = whole_number(text);
    return bytes && *bytes <= static_cast<std::uint64_t>(kMax) ? bytes : std::nullopt;
  }
  const std::string number(text.substr(0, text.size() - unit->name.size()));
  if (number.find_first_not_of("0123456789.") != std::string::npos) return std::nullopt;
  if (number.empty() || number == "." || number.size() > kMaxDigits) return std::nullopt;
  if (std::ranges::count(number, '.') > 1) return std::nullopt;
  const auto bytes = std::ceil(std::stod(number) * static_cast<double>(unit->bytes));
  if (bytes > kMax) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::string bytes_to_text(std::uint64_t bytes) {
  for (const auto& unit : kUnits) {
    if (bytes == 0 || bytes % unit.bytes != 0) continue;
    return std::to_string(bytes / unit.bytes) + std::string(unit.name);
  }
  return std::to_string(bytes);
}

std::optional<unsigned> parse_percentage(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  const auto number = whole_number(text.substr(0, text.size() - 1));
  if (!number || *number > 100) return std::nullopt;
  return static_cast<unsigned>(*number);
}

std::string complaint_about_glob(std::string_view pattern) {
  const auto is_of_a_pattern = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/*?").find(c) != std::string_view::npos;
  };
  if (!pattern.empty() && std::ranges::all_of(pattern, is_of_a_pattern)) return "";
  return "must be a name, or a pattern with * (within a component), ** (also over slashes) or ? "
         "(one character), not \"" +
         std::string(pattern) + "\"";
}

bool is_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto port = text.substr(colon + 1);
  return !port.empty() && port.size() <= 5 &&
         std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }) &&
         std::stoi(std::string(port)) <= 65535;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, base::is_token_character);
}

std::string complaint_about(const std::string& expression) {
  const re2::RE2 compiled(expression, re2::RE2::Quiet);
  return compiled.ok() ? "" : compiled.error();
}

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  constexpr std::size_t kFarthest = 3;
  std::string best;
  auto best_distance = std::min(kFarthest, word.size() / 2) + 1;
  for (const auto& candidate : known) {
    if (word.size() > candidate.size() + kFarthest) continue;
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
