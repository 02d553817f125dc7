#pragma once

#include <pthread.h>

#include <system_error>

namespace registry::base {

// As std::shared_mutex, which lets whoever wants to share it overtake the one who waits to have it
// alone, for as long as there are always some: here nobody does. So a thread that shares it must
// not share it once more.
class FairMutex {
 public:
  FairMutex() {
    pthread_rwlockattr_t kind;
    pthread_rwlockattr_init(&kind);
    pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    const int error = pthread_rwlock_init(&lock_, &kind);
    pthread_rwlockattr_destroy(&kind);
    if (error != 0) throw std::system_error(error, std::generic_category(), "cannot make a lock");
  }
  FairMutex(const FairMutex&) = delete;
  FairMutex& operator=(const FairMutex&) = delete;
  ~FairMutex() { pthread_rwlock_destroy(&lock_); }

  void lock() { check(pthread_rwlock_wrlock(&lock_)); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { check(pthread_rwlock_rdlock(&lock_)); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  static void check(int error) {
    if (error != 0) throw std::system_error(error, std::generic_category(), "cannot take a lock");
  }

  pthread_rwlock_t lock_;
};

}  // namespace registry::base
