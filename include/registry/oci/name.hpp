#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace registry::oci {

// A repository's name: components of lower case letters and digits, joined by one of "." "_" "__"
// or any number of "-", separated by "/", 255 characters at most (spec "Pulling manifests"). As in
// 2.8 the first of several components may also be a host name with upper case (CONTRACT 4), as such
// repositories exist on disk. Safe to use as a path: no component is empty or begins with "." or
// "_".
class RepositoryName {
 public:
  static constexpr std::size_t kMaxLength = 255;

  static std::optional<RepositoryName> parse(std::string_view text);

  const std::string& str() const { return text_; }
  friend auto operator<=>(const RepositoryName&, const RepositoryName&) = default;

 private:
  explicit RepositoryName(std::string_view text) : text_(text) {}
  std::string text_;
};

// Whether a directory of this name can be a component of a repository's name; `first`: it is the
// first one, which may be a host name.
bool is_name_component(std::string_view text, bool first);

// [A-Za-z0-9_][A-Za-z0-9_.-]{0,127} (spec "Pulling manifests"). Safe to use in a path.
class Tag {
 public:
  static std::optional<Tag> parse(std::string_view text);

  const std::string& str() const { return text_; }
  friend auto operator<=>(const Tag&, const Tag&) = default;

 private:
  explicit Tag(std::string_view text) : text_(text) {}
  std::string text_;
};

}  // namespace registry::oci
