#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "registry/base/files.hpp"

namespace registry::storage {

// Blocks that are kept for what has to work on a full volume: a file with nothing in it below the
// store's own directory, which is given back when they are needed. Thread-safe; blocking.
class ReserveFile {
 public:
  // `root` is that of the store, and exists. Finds what an earlier process has left.
  explicit ReserveFile(const base::Path& root);

  // Bytes that it has.
  std::uint64_t held() const { return held_; }
  // Takes so many. False: there is no room, or the filesystem cannot give blocks in advance.
  bool make(std::uint64_t bytes);
  // False: it had none, nor was it given back just now for somebody else.
  bool give_back();

 private:
  const base::Path path_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point given_back_ = std::chrono::steady_clock::time_point::min();
  std::atomic<std::uint64_t> held_ = 0;
};

}  // namespace registry::storage
