#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "packed_digest.hpp"

namespace registry::maintenance {

// Very many sha256 digests in 32 bytes each, where their texts would take more than three times
// that, and with no more than a 256th of them moved at a time when it grows. Several threads may
// read it.
class DigestSet {
 public:
  void insert(const oci::Digest& sha256) {
    const auto digest = *pack<32>(sha256.hex());
    auto& shelf = shelves_[digest[0]];
    if (shelf.digests.size() == shelf.digests.capacity()) settle(shelf);
    shelf.digests.push_back(digest);
    shelf.is_settled = false;
  }
  // Before the following, and again after an insert.
  void settle() {
    for (auto& shelf : shelves_) settle(shelf);
  }
  bool contains(const PackedDigest<32>& sha256) const {
    return std::ranges::binary_search(shelves_[sha256[0]].digests, sha256);
  }
  std::size_t size() const {
    std::size_t size = 0;
    for (const auto& shelf : shelves_) size += shelf.digests.size();
    return size;
  }

 private:
  // By their first byte.
  struct Shelf {
    std::vector<PackedDigest<32>> digests;
    bool is_settled = true;  // in order, each of them once
  };

  // What is marked is marked again and again: it takes no more room.
  static void settle(Shelf& shelf) {
    if (shelf.is_settled) return;
    auto& digests = shelf.digests;
    std::ranges::sort(digests);
    const auto rest = std::ranges::unique(digests);
    digests.erase(rest.begin(), rest.end());
    shelf.is_settled = true;
    if (digests.size() > digests.capacity() / 2) digests.reserve(digests.capacity() * 3 / 2);
  }

  std::array<Shelf, 256> shelves_;
};

}  // namespace registry::maintenance
