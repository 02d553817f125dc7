#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "registry/base/fair_mutex.hpp"
#include "registry/oci/name.hpp"

namespace registry::content {

// One lock for each repository in which something is changed at the moment. PUTs share it, a DELETE
// has it alone: a manifest that is being put must not lose its tag to a delete half-way, nor the
// other way round. Nobody overtakes the one who waits to have it alone. Held by one thread, which
// takes it once, never across a co_await. Thread-safe.
class RepositoryLocks {
 public:
  // `changed`: is told of each repository that is about to be let go. Must not throw.
  using Changed = std::function<void(const oci::RepositoryName&)>;
  explicit RepositoryLocks(Changed changed = {}) : changed_(std::move(changed)) {}

  // For the time of its life.
  template <class Lock>
  class Held {
   public:
    Held(RepositoryLocks& locks, const oci::RepositoryName& name)
        : locks_(locks), name_(name), mutex_(locks.acquire(name_.str())), lock_(*mutex_) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() {
      if (locks_.changed_) locks_.changed_(name_);
      lock_.unlock();
      mutex_.reset();
      locks_.release(name_.str());
    }

   private:
    RepositoryLocks& locks_;
    const oci::RepositoryName name_;
    std::shared_ptr<base::FairMutex> mutex_;
    Lock lock_;
  };
  using Shared = Held<std::shared_lock<base::FairMutex>>;
  using Alone = Held<std::unique_lock<base::FairMutex>>;

 private:
  std::shared_ptr<base::FairMutex> acquire(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    auto& mutex = mutexes_[name];
    if (!mutex) mutex = std::make_shared<base::FairMutex>();
    return mutex;
  }
  void release(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto found = mutexes_.find(name);
    if (found != mutexes_.end() && found->second.use_count() == 1) mutexes_.erase(found);
  }

  const Changed changed_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<base::FairMutex>> mutexes_;
};

}  // namespace registry::content
