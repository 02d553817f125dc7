#pragma once

#include <array>
#include <cstring>
#include <unordered_set>

#include "registry/oci/digest.hpp"

namespace registry::maintenance {

// Many sha256 digests in about 64 bytes each, where their texts would take more than twice that.
class DigestSet {
 public:
  void insert(const oci::Digest& sha256) { set_.insert(key_of(sha256)); }
  bool contains(const oci::Digest& sha256) const { return set_.contains(key_of(sha256)); }
  std::size_t size() const { return set_.size(); }

 private:
  using Key = std::array<unsigned char, 32>;
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::size_t hash = 0;  // the key is a hash itself
      std::memcpy(&hash, key.data(), sizeof hash);
      return hash;
    }
  };

  static Key key_of(const oci::Digest& sha256) {
    const auto value = [](char c) {
      return static_cast<unsigned char>(c <= '9' ? c - '0' : c - 'a' + 10);
    };
    Key key{};
    const auto hex = sha256.hex();
    for (std::size_t i = 0; i < key.size(); ++i) {
      key[i] = static_cast<unsigned char>(value(hex[2 * i]) << 4 | value(hex[2 * i + 1]));
    }
    return key;
  }

  std::unordered_set<Key, Hash> set_;
};

}  // namespace registry::maintenance
