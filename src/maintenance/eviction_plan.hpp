#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "packed_digest.hpp"
#include "registry/base/clock.hpp"

namespace registry::maintenance {

// Which tags of the store go, and with which of them the bytes do. Costs about 80 bytes for each
// blob and 120 for each tag that may go. No I/O.
class EvictionPlan {
 public:
  using Index = std::uint32_t;
  static constexpr Index kStays = std::numeric_limits<Index>::max();

  struct Tag {
    std::uint32_t repository;
    std::string name;
    base::WallTime pushed, used;
  };
  // Of bytes.
  struct Goal {
    std::uint64_t used, high, low;
  };
  struct Choice {
    std::vector<Index> tags;     // those longest unused, in that order
    std::uint64_t bytes = 0;     // that go with them
    std::uint64_t coming = 0;    // that nothing needs already
    std::uint64_t possible = 0;  // that would go with all tags that may go
    bool is_in_vain = false;     // not even they would do: none goes
  };

  Index add(Tag tag);
  const Tag& tag(Index index) const { return tags_[index].tag; }
  // The one that is longer unused. Where they are the same: that was pushed, or seen, before.
  bool goes_before(Index a, Index b) const;

  // `last`: the last tag that leads to the blob, in one repository; kStays: it is needed anyway.
  void needs(const PackedDigest<32>& blob, Index last);
  // After all of `needs`: what the blob takes.
  void stored(const PackedDigest<32>& blob, std::uint64_t bytes);

  // What is on its way counts as gone: what it needs is not evicted twice over.
  Choice choose(const Goal& goal) const;
  // Whether the blob goes with what was chosen.
  bool goes(const PackedDigest<32>& blob, const Choice& choice) const;

 private:
  struct Account {
    Tag tag;
    std::uint64_t bytes = 0;  // that go with it, and not before
  };
  struct Hash {
    std::size_t operator()(const PackedDigest<32>& digest) const noexcept {
      std::size_t hash = 0;
      std::memcpy(&hash, digest.data(), sizeof(hash));
      return hash;
    }
  };

  std::vector<Account> tags_;
  std::unordered_map<PackedDigest<32>, Index, Hash> last_;  // with which each blob goes
  std::uint64_t coming_ = 0;
};

}  // namespace registry::maintenance
