#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>

#include "registry/http/server.hpp"

namespace registry::http {

// The sessions that live, and among them those that wait for a request, the longest first.
// Thread-safe. A session is owned by its coroutine: here are only weak pointers.
struct Server::Sessions {
  // False: the limit is reached, and none was idle that could have been closed for this one.
  bool add(const std::shared_ptr<Session>& session, std::size_t limit);
  // For one over the limit. False: there are `limit` of them already.
  bool add_turned_away(const std::shared_ptr<Session>& session, std::size_t limit);
  void remove(const Session* session);
  void set_idle(const Session* session, bool idle);
  // Closes the session that has been idle for longest; false where none is idle.
  bool shed_longest_idle();
  // What `drain` or `stop` of each session does is done on its own strand.
  void for_each(const std::function<void(const std::shared_ptr<Session>&)>& visit);
  std::size_t size();  // without those that are turned away

 private:
  struct Entry {
    std::weak_ptr<Session> session;
    std::list<const Session*>::iterator idle_at;
  };
  std::mutex mutex_;
  std::unordered_map<const Session*, Entry> entries_;
  std::list<const Session*> idle_;
  std::set<const Session*> turned_away_;
};

}  // namespace registry::http
