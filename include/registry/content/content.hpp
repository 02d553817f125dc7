#pragma once

#include <chrono>

#include "registry/base/pool.hpp"
#include "registry/content/acceptance.hpp"
#include "registry/content/blobs.hpp"
#include "registry/content/catalog.hpp"
#include "registry/content/manifests.hpp"
#include "registry/content/pins.hpp"
#include "registry/content/referrers.hpp"
#include "registry/content/repository_locks.hpp"
#include "registry/content/tags.hpp"
#include "registry/content/uploads.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// For which what a client was told is present stays.
inline constexpr std::chrono::hours kGrace{1};

// All that the repositories of a store hold. What it is made of outlives it. Keeps up to
// `recent_bytes` of what was read lately in memory.
struct Content {
  Content(storage::Driver& driver, const Acceptance& acceptance, base::Pool& io,
          base::Pool& hashing, std::size_t recent_bytes = Recent::kDefaultBytes)
      : recent(recent_bytes),
        tags(driver),
        blobs(driver, pins, locks, recent),
        uploads(driver, pins, locks, recent, io, hashing),
        referrers(driver, locks),
        manifests(driver, pins, locks, tags, referrers, acceptance, recent, io, hashing),
        catalog(driver) {}

  Pins pins{kGrace};
  RepositoryLocks locks;
  Recent recent;
  Tags tags;
  Blobs blobs;
  Uploads uploads;
  Referrers referrers;
  Manifests manifests;
  Catalog catalog;
};

}  // namespace registry::content
