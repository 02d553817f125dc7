#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "packed_digest.hpp"

namespace registry::maintenance {

// The blobs of a store, of which somebody finds out who needs them: 32 bytes each. Used by one
// thread.
class BlobTable {
 public:
  static constexpr std::uint32_t kNobody = 0xffffffff, kMany = kNobody - 1;

  // Half of a digest: nobody can make two of them alike.
  using Key = std::array<unsigned char, 16>;

  struct Blob {
    Key key;
    std::uint64_t bytes : 63;
    std::uint64_t is_needed : 1;
    std::uint32_t owner;    // the one repository that has it
    std::uint32_t seen_in;  // the repository in which it was last met
  };
  static_assert(sizeof(Blob) == 32);

  // Those of one first byte come in order, and all of them before the first `find`.
  void add(std::string_view hex, std::uint64_t bytes) {
    const auto key = key_of(hex);
    shelves_[key[0]].push_back({key, bytes, 0, kNobody, kNobody});
  }

  // nullptr: there is no such blob.
  Blob* find(std::string_view hex) {
    const auto key = key_of(hex);
    auto& shelf = shelves_[key[0]];
    const auto found = std::ranges::lower_bound(shelf, key, {}, &Blob::key);
    return found != shelf.end() && found->key == key ? &*found : nullptr;
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& shelf : shelves_) std::ranges::for_each(shelf, visit);
  }

 private:
  static Key key_of(std::string_view hex) { return *pack<16>(hex.substr(0, 32)); }

  std::array<std::vector<Blob>, 256> shelves_;
};

}  // namespace registry::maintenance
