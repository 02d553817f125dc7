#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "registry/base/clock.hpp"

namespace registry::api {

// One mark and sweep of the store.
struct Collection {
  std::size_t number = 0;  // since the start of the process
  base::WallTime begun;
  std::optional<base::WallTime> ended;
  bool dry_run = false, delete_untagged = false;
  bool is_marked = false;        // what is not needed is known, and goes
  std::size_t repositories = 0;  // looked at so far
  std::size_t marked = 0;        // blobs that something needs
  std::size_t blobs = 0;         // that went, or would go
  std::uint64_t bytes = 0;       // of these
  // Of one that has ended.
  std::size_t manifests = 0;  // that no tag leads to, and went, or would go
  std::size_t kept = 0;       // things that nothing needs, and that were used too lately
  std::size_t damaged = 0;
  std::string error;  // why it did not come to its end; empty: it did
};

struct CollectionState {
  bool is_asked_for = false;  // and has not begun yet
  std::optional<Collection> now, last;
};

// The collections of the process, as somebody outside sees them. Thread-safe; never waits.
class Collections {
 public:
  virtual ~Collections() = default;
  virtual CollectionState state() const = 0;
  // Asks for one. Where one that was asked for has not ended yet, that is it.
  virtual void ask(bool dry_run, bool delete_untagged) = 0;
};

}  // namespace registry::api
