#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "registry/base/files.hpp"

namespace registry::storage {

// Makes the directories of a store, and knows which of them a power loss could still
// take away: those that this process made, until their parent was synced. What was there at the
// start was made durable by one sync of the filesystem. Thread-safe. Costs about 200 bytes for
// each directory that is not durable, which are those of uploads under way and few others. Clients
// leave as many uploads as they like: one more sync of the filesystem bounds them.
class Directories {
 public:
  static constexpr std::size_t kMostNotDurable = 10'000;

  Directories(base::Files& files, base::Path root);

  // `path` and its parents below the root, as far as they are missing; not durable yet. Throws
  // where the root is missing, unless it is `path` itself.
  void make(const base::Path& path);
  // The same, and whether there certainly was none, so that nothing is in it. Never throws: where
  // it cannot be made, whoever needs it learns why.
  bool make_new(const base::Path& path) noexcept;
  // The entries of `path`, and those that lead to it from the root, survive a power loss.
  void sync(const base::Path& path);
  // A time in the life of these directories: taken before one of them is moved away or removed.
  std::uint64_t now();
  // What was below `path` since before `before` has moved or gone. What others have made in its
  // place meanwhile has not, and is as little durable as it was.
  void forget(const base::Path& path, std::uint64_t before);

 private:
  base::MadeDirectory make_one(const base::Path& path);
  void make_all_durable();
  std::uint64_t generation_of(const base::Path& path);

  base::Files& files_;
  const base::Path root_;
  std::mutex mutex_;  // of what follows
  // The number tells a directory from one of the same name that was made after it was removed.
  std::map<std::string, std::uint64_t> not_durable_;
  std::uint64_t next_generation_ = 1;
  bool is_making_all_durable_ = false;
};

}  // namespace registry::storage
