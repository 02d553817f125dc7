#include "registry/base/pool.hpp"

#include <pthread.h>

#include <chrono>
#include <system_error>
#include <thread>

namespace registry::base {
namespace {
constexpr std::chrono::seconds kIdleThreadLifetime{10};
}

Pool::Pool(std::string name, std::size_t max_threads)
    : name_(std::move(name)), max_threads_(max_threads) {}

Pool::~Pool() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  arrived_.notify_all();
  ended_.wait(lock, [&] { return threads_ == 0; });
}

void Pool::post(std::function<void()> work) {
  std::unique_lock lock(mutex_);
  queue_.push_back(std::move(work));
  if (queue_.size() <= idle_ || threads_ == max_threads_) {
    lock.unlock();  // or the thread that wakes up would at once wait for it
    arrived_.notify_one();
    return;
  }
  try {
    std::thread(&Pool::run, this).detach();
    ++threads_;
  } catch (const std::system_error&) {
    // No more threads to be had: those that run will come to it. Without any there is no hope.
    if (threads_ == 0) {
      queue_.pop_back();
      throw;
    }
  }
}

bool Pool::wait_for_work(std::unique_lock<std::mutex>& lock) {
  ++idle_;
  arrived_.wait_for(lock, kIdleThreadLifetime, [&] { return !queue_.empty() || stopping_; });
  --idle_;
  return !queue_.empty();
}

void Pool::run() {
  ::pthread_setname_np(::pthread_self(), name_.c_str());
  std::unique_lock lock(mutex_);
  while (wait_for_work(lock)) {
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // what it owns may take locks of its own
    lock.lock();
  }
  --threads_;
  // Under the lock: the destructor may free the condition as soon as it gets it.
  ended_.notify_all();
}

}  // namespace registry::base
