#pragma once

#include <mutex>
#include <shared_mutex>

namespace registry::base {

// As std::shared_mutex, which lets whoever wants to share it overtake the one who waits to have it
// alone, for as long as there are always some: here nobody overtakes the one at the door. So a
// thread that shares it must not share it once more.
class FairMutex {
 public:
  void lock() {
    const std::scoped_lock lock(door_);
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }
  void lock_shared() {
    const std::scoped_lock lock(door_);
    mutex_.lock_shared();
  }
  void unlock_shared() { mutex_.unlock_shared(); }

 private:
  std::mutex door_;
  std::shared_mutex mutex_;
};

}  // namespace registry::base
