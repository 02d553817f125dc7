#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

namespace registry::storage {

// The paths that have got their new content but are not durable yet. Whoever wants to rely on one
// of them waits, so that nobody is told of what a power loss could take away (docs/architecture.md,
// rule 2). Thread-safe.
class Unsettled {
 public:
  // From before the content is visible until it is durable, or has failed to become so.
  class Mark {
   public:
    Mark(Unsettled& unsettled, std::string path) : unsettled_(unsettled), path_(std::move(path)) {
      const std::scoped_lock lock(unsettled_.mutex_);
      unsettled_.paths_.insert(path_);
      ++unsettled_.count_;
    }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;
    ~Mark() {
      const std::scoped_lock lock(unsettled_.mutex_);
      unsettled_.paths_.erase(unsettled_.paths_.find(path_));
      --unsettled_.count_;
      unsettled_.settled_.notify_all();
    }

   private:
    Unsettled& unsettled_;
    const std::string path_;
  };

  void wait_for(const std::string& path) {
    if (count_ == 0) return;
    std::unique_lock lock(mutex_);
    settled_.wait(lock, [&] { return !paths_.contains(path); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable settled_;
  std::multiset<std::string> paths_;
  std::atomic<std::size_t> count_ = 0;
};

}  // namespace registry::storage
