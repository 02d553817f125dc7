#include "sessions.hpp"

#include "session.hpp"

namespace registry::http {

bool Server::Sessions::add(const std::shared_ptr<Session>& session, std::size_t limit) {
  bool full = false;
  {
    const std::scoped_lock lock(mutex_);
    full = entries_.size() >= limit;
  }
  // One that is told to close takes a moment to go, so the limit is soft by as many as arrive
  // in that moment.
  if (full && !shed_longest_idle()) return false;
  const std::scoped_lock lock(mutex_);
  entries_[session.get()] = {session, idle_.end()};
  return true;
}

bool Server::Sessions::add_turned_away(const std::shared_ptr<Session>& session, std::size_t limit) {
  const std::scoped_lock lock(mutex_);
  if (turned_away_.size() >= limit) return false;
  turned_away_.insert(session.get());
  return true;
}

void Server::Sessions::remove(const Session* session) {
  const std::scoped_lock lock(mutex_);
  turned_away_.erase(session);
  const auto found = entries_.find(session);
  if (found == entries_.end()) return;
  if (found->second.idle_at != idle_.end()) idle_.erase(found->second.idle_at);
  entries_.erase(found);
}

void Server::Sessions::set_idle(const Session* session, bool idle) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(session);
  if (found == entries_.end()) return;
  auto& at = found->second.idle_at;
  if (idle && at == idle_.end()) {
    at = idle_.insert(idle_.end(), session);
  } else if (!idle && at != idle_.end()) {
    idle_.erase(at);
    at = idle_.end();
  }
}

// In these two the last owner of a session may turn out to be here, and its destructor takes the
// lock: so nothing is let go, and nothing called, while it is held.
bool Server::Sessions::shed_longest_idle() {
  std::shared_ptr<Session> session;
  {
    const std::scoped_lock lock(mutex_);
    if (idle_.empty()) return false;
    auto& entry = entries_.at(idle_.front());
    idle_.pop_front();
    entry.idle_at = idle_.end();
    session = entry.session.lock();
  }
  if (session) Session::close_if_idle(session);
  return true;
}

void Server::Sessions::for_each(const std::function<void(const std::shared_ptr<Session>&)>& visit) {
  std::vector<std::shared_ptr<Session>> sessions;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [_, entry] : entries_) sessions.push_back(entry.session.lock());
  }
  for (const auto& session : sessions) {
    if (session) visit(session);
  }
}

std::size_t Server::Sessions::size() {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

}  // namespace registry::http
