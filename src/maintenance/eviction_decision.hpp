#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "retention_decision.hpp"

// What eviction takes from one repository. No I/O.
namespace registry::maintenance {

struct EvictionRules {
  const std::vector<std::string>& protect;  // patterns of tags that never go
  base::WallTime since;                     // what was pushed or pulled from then on stays
};

struct Evictable {
  const SeenTag* tag;
  base::WallTime used;  // the later of its last push and its last pull
};

// The tags that may go by themselves. One that belongs to a manifest by its name goes with that.
std::vector<Evictable> evictable_tags(const SeenRepository& repository, const EvictionRules& rules);

// What goes with these tags, and what lost its tag earlier.
Decision decide_eviction(const SeenRepository& repository, const EvictionRules& rules,
                         const std::set<std::string>& going, const std::string& why);

// With which of the tags, if they go in that order, each manifest goes: with the last that leads to
// it; nullopt: with none of them, it has lost its tag already. Those that stay are left out.
using Releases = std::map<oci::Digest, std::optional<std::size_t>>;
Releases releases_of(const SeenRepository& repository, const EvictionRules& rules,
                     const std::vector<const SeenTag*>& order);

}  // namespace registry::maintenance
