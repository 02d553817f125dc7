#include "registry/oci/digest.hpp"

#include <algorithm>

namespace registry::oci {

std::string_view to_string(Algorithm algorithm) {
  return algorithm == Algorithm::sha256 ? "sha256" : "sha512";
}

std::optional<Digest> Digest::parse(std::string_view text) {
  const bool well_formed = (text.starts_with("sha256:") && text.size() == kSha256Size) ||
                           (text.starts_with("sha512:") && text.size() == kSha512Size);
  if (!well_formed) return std::nullopt;
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!std::ranges::all_of(text.substr(kPrefixSize), is_hex)) return std::nullopt;
  return Digest(text);
}

const Digest& empty_digest() {
  static const Digest digest =
      *Digest::parse("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  return digest;
}

}  // namespace registry::oci
