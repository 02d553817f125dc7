#pragma once

#include <string>

#include "registry/content/pins.hpp"
#include "registry/content/recent.hpp"
#include "registry/oci/digest.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// What became of a damaged blob.
struct Quarantined {
  enum class State {
    moved,
    pinned,    // somebody relies on it at this moment: to be tried again
    replaced,  // it is gone, or a push has put another in its place
  };
  State state;
  std::string path;  // of what was moved, below the root
};

// Moves a blob that was found damaged out of the way, so that it is missing from now on and the
// next push mends it. What `damaged` reads is what is moved, and nothing else; it is never removed,
// nor is one of its digest that is in quarantine already. Survives a power loss; logs what it
// moves. After a std::system_error it is in one of the two places. Blocking; thread-safe.
Quarantined quarantine(storage::Driver& driver, Pins& pins, Recent& recent,
                       const oci::Digest& sha256, const storage::BlobReader& damaged);

}  // namespace registry::content
