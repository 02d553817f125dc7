#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "registry/http/server.hpp"

namespace registry::http {

// The sessions that live. Thread-safe. A session is owned by its coroutine: here are only weak
// pointers, and raw ones that are looked through under the lock, as a session leaves before it
// ends.
struct Server::Sessions {
  // False: the limit is reached, and none was idle that could have been closed for this one.
  bool add(const std::shared_ptr<Session>& session, std::size_t limit);
  // For one over the limit. False: there are `limit` of them already.
  bool add_turned_away(const std::shared_ptr<Session>& session, std::size_t limit);
  void remove(const Session* session);
  // Closes the session that has been idle for longest; false where none is idle.
  bool shed_longest_idle();
  // What `drain` or `stop` of each session does is done on its own strand.
  void for_each(const std::function<void(const std::shared_ptr<Session>&)>& visit);
  // Those that wait for their client for longer than they may.
  std::vector<std::shared_ptr<Session>> overdue(std::chrono::steady_clock::time_point now);
  std::size_t size();  // without those that are turned away

 private:
  using Entries = std::unordered_map<Session*, std::weak_ptr<Session>>;
  std::mutex mutex_;
  Entries served_, turned_away_;
};

}  // namespace registry::http
