#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>

namespace registry::storage {

// The paths that have got their new content but are not durable yet. Whoever wants to rely on one
// of them waits, so that nobody is told of what a power loss could take away (docs/architecture.md,
// rule 2). Thread-safe.
class Unsettled {
 public:
  // From before the content is visible until it is durable, or has been taken away again. One at a
  // time for a path: another waits, so that a failure never takes away what somebody else put
  // there.
  class Mark {
   public:
    Mark(Unsettled& unsettled, std::string path) : unsettled_(unsettled), path_(std::move(path)) {
      std::unique_lock lock(unsettled_.mutex_);
      unsettled_.settled_.wait(lock, [&] { return !unsettled_.paths_.contains(path_); });
      unsettled_.paths_.insert(path_);
      ++unsettled_.count_;
    }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;
    ~Mark() {
      const std::scoped_lock lock(unsettled_.mutex_);
      unsettled_.paths_.erase(path_);
      --unsettled_.count_;
      unsettled_.settled_.notify_all();
    }

    // The content was visible and did not become durable: who has seen it must look again.
    void failed() { ++unsettled_.failures_; }

   private:
    Unsettled& unsettled_;
    const std::string path_;
  };

  // What `look` returns once nothing that it has seen at `path` could be lost. It looks first and
  // asks then: asked before, a rename could come in between.
  template <class Look>
  auto settled(const std::string& path, Look look) {
    for (;;) {
      const auto failures = failures_.load();
      auto seen = look();
      if (!wait_for(path) && failures == failures_.load()) return seen;
    }
  }

  // Whether nothing at all that `look` has seen could be lost. Waits for nothing.
  template <class Look>
  bool saw_settled(Look look) {
    const auto failures = failures_.load();
    look();
    return count_ == 0 && failures == failures_.load();
  }

 private:
  // False: there was nothing to wait for.
  bool wait_for(const std::string& path) {
    if (count_ == 0) return false;
    std::unique_lock lock(mutex_);
    if (!paths_.contains(path)) return false;
    settled_.wait(lock, [&] { return !paths_.contains(path); });
    return true;
  }

  std::mutex mutex_;
  std::condition_variable settled_;
  std::set<std::string> paths_;
  std::atomic<std::size_t> count_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
};

}  // namespace registry::storage
