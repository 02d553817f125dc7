#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "registry/content/content.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

struct CollectOptions {
  bool dry_run = false;          // only says what it would remove
  bool delete_untagged = false;  // also manifests that no tag leads to
  bool quiet = false;            // says nothing
  std::size_t threads = 1;       // to read and to remove: what is said has its order all the same
  // For which what somebody was told of stays. nullopt: nobody else uses the store, and nothing
  // does, as in 2.8 (CONTRACT 12).
  std::optional<std::chrono::seconds> grace = std::nullopt;
  std::stop_token stop = {};  // ends it early: what is left is whole
};

struct Collected {
  std::size_t marked = 0;          // blobs that something needs
  std::size_t blobs = 0;           // that nothing does
  std::size_t manifests = 0;       // that no tag leads to
  std::uint64_t bytes = 0;         // of both
  std::size_t kept = 0;            // things that nothing needs, and that the grace period keeps
  std::size_t damaged = 0;         // places that could not be read, each of them logged
  bool sweep_was_stopped = false;  // nobody could say what they need: no blob was removed
  std::size_t miscounted = 0;      // reference counts that were not what the mark has found
  bool was_ended = false;          // early, by `stop`
};

// Marks what the manifests of all repositories need and removes the rest, while others use the
// content. `driver` is that of the content. `say` gets 2.8's lines one by one, and must not block.
// What is damaged is logged and keeps all that it might need: it never ends the run. Blocking.
//
// Nothing goes that a client relies on or was told of since the grace period before it began
// (docs/architecture.md, rule 3): whatever comes to be needed behind the mark's back is promised by
// then. A repository is locked only while some of its links are removed.
//
// Links go before the blobs that they lead to, and for good: after a crash at any moment what is
// left is whole, and the next run removes the rest.
//
// Where others use the content, the references are counted on the way, and content.counts are known
// from then on, unless something is damaged.
Collected collect_garbage(content::Content& content, storage::Driver& driver,
                          const CollectOptions& options,
                          const std::function<void(const std::string& line)>& say);

// The same of what deleted manifests have let go of `grace` ago, by the reference counts in memory:
// costs what was deleted, and finds nothing else. nullopt: they are not known, and nothing was
// done.
std::optional<Collected> collect_let_go(content::Content& content, storage::Driver& driver,
                                        std::chrono::seconds grace, const std::stop_token& stop);

}  // namespace registry::maintenance
