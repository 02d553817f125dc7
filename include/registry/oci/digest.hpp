#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace registry::oci {

enum class Algorithm { sha256, sha512 };

std::string_view to_string(Algorithm algorithm);

// "sha256:" + 64 or "sha512:" + 128 lowercase hex digits. Rule: image-spec descriptor.md#digests.
// If a Digest exists it is well formed: lower layers never re-check it and may use it in a path.
class Digest {
 public:
  static std::optional<Digest> parse(std::string_view text);  // nullopt for any other text

  Algorithm algorithm() const {
    return text_.size() == kSha256Size ? Algorithm::sha256 : Algorithm::sha512;
  }
  const std::string& str() const { return text_; }
  std::string_view hex() const { return std::string_view(text_).substr(kPrefixSize); }

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  static constexpr std::size_t kPrefixSize = 7;  // "sha256:" as "sha512:"
  static constexpr std::size_t kSha256Size = kPrefixSize + 64;
  static constexpr std::size_t kSha512Size = kPrefixSize + 128;

  explicit Digest(std::string_view text) : text_(text) {}
  std::string text_;
};

// Of no bytes: the only blob that may have a size of 0.
const Digest& empty_digest();

}  // namespace registry::oci

template <>
struct std::hash<registry::oci::Digest> {
  std::size_t operator()(const registry::oci::Digest& digest) const noexcept {
    return std::hash<std::string>{}(digest.str());
  }
};
