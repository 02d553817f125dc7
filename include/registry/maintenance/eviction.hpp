#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "registry/base/clock.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

struct EvictionRun {
  std::chrono::seconds mingrace{};  // what was pushed, pulled or promised for less than that stays
  base::WallTime now = std::chrono::system_clock::now();
  std::stop_token stop = {};  // ends the run early
};

struct Evicted {
  std::size_t tags = 0, manifests = 0;  // that went
  std::uint64_t bytes = 0;              // that nothing needs without them
  std::uint64_t coming = 0;             // that nothing needed before; the collector has yet to come
  std::uint64_t possible = 0;           // that would go with all tags that may go
  bool is_in_vain = false;              // not even they would do, and nothing was chosen
};

// Where the store is above capacity.high, takes the tags that were neither pushed nor pulled for
// longest, until it will be at capacity.low: of all repositories, but for those that
// capacity.protect names, that were used within mingrace, or that free nothing, as a newer one
// leads to the same. A tag that belongs to an image by its name goes with that; manifests that no
// tag leads to any more go with what belongs to them. What clients left without a tag is
// retention's. For after a collection that has not made enough room, while none is under way.
//
// The bytes come back late: what is let go of is promised for the grace, and even under pressure
// the collector takes it a mingrace later. So that the same need does not evict again and again,
// nothing is remembered from one run to the next, and each counts anew what the store will have
// when all has come back: every byte that no manifest needs counts as gone, whoever let go of it
// and however long ago, also after a restart. Only what is then still above `low` is taken from the
// tags, each blob with the last tag that leads to it. A manifest whose tag went, but which clients
// go on asking for, is no byte on its way. All errs to the side of tags that stay:
//
// - Nothing goes where all that may go would not bring the store below `high`: others fill the
//   volume, or the protected do, and what is pushed next would be the next to go.
// - Nothing goes where a part of the store cannot be read or counted, or soon after the start of
// the
//   process, which is a promise of everything.
//
// Each tag that went is logged. Reads every manifest and looks at every blob of the store; costs
// about 80 bytes of memory for each blob and 120 for each tag. Throws what the store throws.
// Blocking; `content` is of this `driver`, and knows its fullness.
Evicted evict_tags(content::Content& content, storage::Driver& driver,
                   const config::Capacity& capacity, const EvictionRun& run);

}  // namespace registry::maintenance
