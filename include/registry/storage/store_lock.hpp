#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "registry/base/fd.hpp"
#include "registry/base/files.hpp"

namespace registry::storage {

// One process writes to a store at a time: the lock file names its host, its pid and when it
// started. Held until the destructor, and given up by the kernel when the process dies.
class StoreLock {
 public:
  // Waits up to `patience` for another to let go, as two daemons overlap in a rolling update;
  // `on_wait` is told once who holds it. Throws std::runtime_error, which names the holder.
  static StoreLock acquire(const base::Path& root, std::chrono::seconds patience,
                           const std::function<void(const std::string& holder)>& on_wait);

  // Whether it can still be found where it was made. If not, the store has been moved, removed or
  // unmounted: what is under its path now, if anything, is another. Blocking; throws
  // std::system_error where it cannot be told.
  bool is_in_place() const;

 private:
  StoreLock(base::Fd file, base::Path path) : file_(std::move(file)), path_(std::move(path)) {}
  base::Fd file_;
  base::Path path_;
};

}  // namespace registry::storage
