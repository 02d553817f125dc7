#pragma once

#include <chrono>

#include "registry/content/acceptance.hpp"
#include "registry/content/blobs.hpp"
#include "registry/content/catalog.hpp"
#include "registry/content/catalog_index.hpp"
#include "registry/content/last_uses.hpp"
#include "registry/content/manifests.hpp"
#include "registry/content/pins.hpp"
#include "registry/content/quotas.hpp"
#include "registry/content/reference_counts.hpp"
#include "registry/content/referrers.hpp"
#include "registry/content/repository_locks.hpp"
#include "registry/content/reservations.hpp"
#include "registry/content/store_size.hpp"
#include "registry/content/tags.hpp"
#include "registry/content/uploads.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// For which what a client was told is present stays, where nobody says otherwise.
inline constexpr std::chrono::hours kGrace{1};

// Of what is kept in memory to answer lists, and to know what is needed.
struct Indexing {
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  std::size_t most_bytes = kMostBytes;  // half for the catalog, half for the tags
  IndexMetrics catalog, tags;
  std::stop_token ending;  // of the process
  std::size_t most_count_bytes = ReferenceCounts::kDefaultBytes;
};

// All that the repositories of a store hold. What it is made of outlives it. Keeps up to
// `recent_bytes` of what was read lately in memory. What a client was told is present stays for
// `grace`.
struct Content {
  Content(storage::Driver& driver, const Acceptance& acceptance, base::Pool& io,
          std::size_t recent_bytes = Recent::kDefaultBytes, const Indexing& indexing = {},
          std::chrono::seconds grace = kGrace, const config::Capacity& capacity = {},
          const std::vector<config::Quota>& quota = {})
      : pins(grace),
        recent(recent_bytes),
        tags(driver, indexing.most_bytes / 2, indexing.tags),
        blobs(driver, pins, locks, recent),
        reservations(driver, store_size, capacity),
        quotas(quota),
        uploads(driver, pins, locks, recent, &store_size),
        referrers(driver, locks),
        uses(driver),
        counts(indexing.most_count_bytes),
        manifests(driver, pins, locks, tags, referrers, acceptance, recent, uses, counts),
        catalog(driver),
        catalog_index(driver, io, indexing.most_bytes / 2, indexing.catalog, indexing.ending) {}

  Pins pins;
  // Whatever may make a repository holds its lock.
  RepositoryLocks locks{[this](const oci::RepositoryName& name) { catalog_index.changed(name); }};
  Recent recent;
  Tags tags;
  Blobs blobs;
  StoreSize store_size;
  Reservations reservations;
  Quotas quotas;
  Uploads uploads;
  Referrers referrers;
  LastUses uses;
  ReferenceCounts counts;
  Manifests manifests;
  Catalog catalog;
  CatalogIndex catalog_index;
};

}  // namespace registry::content
