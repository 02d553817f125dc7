#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The forms of single values.
namespace registry::config {

// A Go duration ("1h30m", "1.5s") or an integer of nanoseconds. nullopt: neither.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// As parse_duration reads it, in the fewest words: "168h", "25s".
std::string to_text(std::chrono::seconds duration);

// A number of bytes, or a number with KiB, MiB, GiB or TiB: "64MiB", "1.5GiB". Parts of a byte are
// rounded up. nullopt: neither.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

// As parse_bytes reads it, in the fewest letters: "64MiB".
std::string bytes_to_text(std::uint64_t bytes);

// "90%" is 90: a whole number up to 100. nullopt: any other text.
std::optional<unsigned> parse_percentage(std::string_view text);

// What is wrong with a pattern of repositories or tags (base/glob.hpp); empty: nothing.
std::string complaint_about_glob(std::string_view pattern);

// "host:port" or ":port".
bool is_address(std::string_view text);

// The name of a header: RFC 9110 5.1.
bool is_token(std::string_view text);

// The compiler's complaint about a regular expression in Go's syntax; empty: there is none.
std::string complaint_about(const std::string& expression);

// Of a few words, the one that `word` was most likely meant to be; empty: none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace registry::config
