#pragma once

#include <semaphore.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>

namespace registry::base {

// Threads for blocking work, started when they are needed and ended when they are not, so that an
// idle daemon holds none of them. Thread-safe. The destructor runs what was posted, then joins.
class Pool {
 public:
  // `name` shows in `top -H`; at most 15 characters. `niceness`: how far its threads stand back
  // behind others of the process, as in nice(1).
  Pool(std::string name, std::size_t max_threads, int niceness = 0);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  // `work` must not throw. Runs in order of arrival as threads come free.
  void post(std::function<void()> work);

 private:
  void start_thread();
  void run();
  bool wait_for_work();

  const std::string name_;
  const std::size_t max_threads_;
  const int niceness_;
  std::mutex mutex_;
  sem_t arrived_{};  // as often as there is something in the queue, or more
  std::condition_variable ended_;
  std::deque<std::function<void()>> queue_;
  std::size_t threads_ = 0, idle_ = 0;
  bool stopping_ = false;
};

}  // namespace registry::base
