#include "registry/base/pool.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

namespace registry::base {
namespace {
constexpr std::chrono::seconds kIdleThreadLifetime{10};
}

Pool::Pool(std::string name, std::size_t max_threads, int niceness)
    : name_(std::move(name)), max_threads_(max_threads), niceness_(niceness) {
  ::sem_init(&arrived_, 0, 0);
}

Pool::~Pool() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  for (std::size_t i = 0; i < threads_; ++i) ::sem_post(&arrived_);
  ended_.wait(lock, [&] { return threads_ == 0; });
  ::sem_destroy(&arrived_);
}

void Pool::post(std::function<void()> work) {
  std::unique_lock lock(mutex_);
  queue_.push_back(std::move(work));
  if (queue_.size() > idle_ && threads_ < max_threads_) start_thread();
  lock.unlock();  // or the thread that wakes up would at once wait for it
  ::sem_post(&arrived_);
}

void Pool::start_thread() {
  try {
    std::thread(&Pool::run, this).detach();
    ++threads_;
  } catch (const std::system_error&) {
    // No more threads to be had: those that run will come to it. Without any there is no hope.
    if (threads_ > 0) return;
    queue_.pop_back();
    throw;
  }
}

// A semaphore, as a condition variable costs several system calls more for each time it wakes.
// False: nothing came for a while.
bool Pool::wait_for_work() {
  timespec until{};
  ::clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += kIdleThreadLifetime.count();
  while (::sem_clockwait(&arrived_, CLOCK_MONOTONIC, &until) != 0) {
    if (errno == ETIMEDOUT) return false;
  }
  return true;
}

void Pool::run() {
  ::pthread_setname_np(::pthread_self(), name_.c_str());
  // Linux has it of each thread. Where it is not allowed, all are equal.
  if (niceness_ != 0) (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness_);
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    lock.unlock();
    const bool awake = wait_for_work();
    lock.lock();
    --idle_;
    if (queue_.empty()) {
      if (!awake || stopping_) break;
      continue;  // one that had waited too long took the work in its last moment
    }
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
