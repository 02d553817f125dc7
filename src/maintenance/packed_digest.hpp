#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "registry/oci/digest.hpp"

namespace registry::maintenance {

// A digest without its text: 32 bytes of a sha256, 64 of a sha512. In the order of the texts.
template <std::size_t size>
using PackedDigest = std::array<unsigned char, size>;

// nullopt: it is no digest of that length.
template <std::size_t size>
std::optional<PackedDigest<size>> pack(std::string_view hex) {
  if (hex.size() != 2 * size) return std::nullopt;
  bool good = true;
  const auto value = [&](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    good = good && c >= 'a' && c <= 'f';
    return c - 'a' + 10;
  };
  PackedDigest<size> packed{};
  for (std::size_t i = 0; i < size; ++i) {
    packed[i] = static_cast<unsigned char>(value(hex[2 * i]) << 4 | value(hex[2 * i + 1]));
  }
  return good ? std::optional(packed) : std::nullopt;
}

template <std::size_t size>
oci::Digest unpack(const PackedDigest<size>& packed) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(size == 32 ? "sha256:" : "sha512:");
  for (const auto byte : packed) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return *oci::Digest::parse(text);
}

}  // namespace registry::maintenance
