#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "registry/storage/driver.hpp"

namespace registry::maintenance {

struct CollectOptions {
  bool dry_run = false;          // only says what it would remove
  bool delete_untagged = false;  // also manifests that no tag leads to
  bool quiet = false;            // says nothing
  std::size_t threads = 1;       // to read and to remove: what is said has its order all the same
};

struct Collected {
  std::size_t marked = 0;          // blobs that something needs
  std::size_t blobs = 0;           // that nothing does
  std::size_t manifests = 0;       // that no tag leads to
  std::uint64_t bytes = 0;         // of both
  std::size_t damaged = 0;         // places that could not be read, each of them logged
  bool sweep_was_stopped = false;  // nobody could say what they need: no blob was removed
};

// Marks what the manifests of all repositories need and removes the rest, of a store that nobody
// else uses: there is no grace, as in 2.8 (CONTRACT 12). `say` gets 2.8's lines one by one. What is
// damaged is logged and keeps all that it might need: it never ends the run. Blocking.
//
// Links go before the blobs that they lead to, and for good: after a crash at any moment what is
// left is whole, and the next run removes the rest.
Collected collect_garbage(storage::Driver& driver, const CollectOptions& options,
                          const std::function<void(const std::string& line)>& say);

}  // namespace registry::maintenance
