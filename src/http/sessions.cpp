#include "sessions.hpp"

#include "session.hpp"

namespace registry::http {

using std::chrono::steady_clock;

bool Server::Sessions::add(const std::shared_ptr<Session>& session, std::size_t limit) {
  bool full = false;
  {
    const std::scoped_lock lock(mutex_);
    full = served_.size() >= limit;
  }
  // One that is told to close takes a moment to go, so the limit is soft by as many as arrive
  // in that moment.
  if (full && !shed_longest_idle()) return false;
  const std::scoped_lock lock(mutex_);
  served_.emplace(session.get(), session);
  return true;
}

bool Server::Sessions::add_turned_away(const std::shared_ptr<Session>& session, std::size_t limit) {
  const std::scoped_lock lock(mutex_);
  if (turned_away_.size() >= limit) return false;
  turned_away_.emplace(session.get(), session);
  return true;
}

void Server::Sessions::remove(const Session* session) {
  const std::scoped_lock lock(mutex_);
  auto* const key = const_cast<Session*>(session);
  turned_away_.erase(key);
  served_.erase(key);
}

// In those below the last owner of a session may turn out to be here, and its destructor takes the
// lock: so nothing is let go, and nothing called, while it is held.

// Looks at all of them: only a server that is full asks for this.
bool Server::Sessions::shed_longest_idle() {
  std::shared_ptr<Session> session;
  {
    const std::scoped_lock lock(mutex_);
    auto longest = steady_clock::time_point::max();
    const Entries::value_type* found = nullptr;
    for (const auto& entry : served_) {
      if (entry.first->idle_since() >= longest) continue;
      longest = entry.first->idle_since();
      found = &entry;
    }
    if (found == nullptr) return false;
    found->first->set_busy();  // or the next would find it as well
    session = found->second.lock();
  }
  if (session) Session::close_if_idle(session);
  return true;
}

void Server::Sessions::for_each(const std::function<void(const std::shared_ptr<Session>&)>& visit) {
  std::vector<std::shared_ptr<Session>> sessions;
  {
    const std::scoped_lock lock(mutex_);
    sessions.reserve(served_.size());
    for (const auto& [_, session] : served_) sessions.push_back(session.lock());
  }
  for (const auto& session : sessions) {
    if (session) visit(session);
  }
}

std::vector<std::shared_ptr<Session>> Server::Sessions::overdue(steady_clock::time_point now) {
  std::vector<std::shared_ptr<Session>> sessions;
  const std::scoped_lock lock(mutex_);
  for (const auto* entries : {&served_, &turned_away_}) {
    for (const auto& [raw, session] : *entries) {
      if (!raw->is_overdue(now)) continue;
      if (auto owned = session.lock()) sessions.push_back(std::move(owned));
    }
  }
  return sessions;
}

std::size_t Server::Sessions::size() {
  const std::scoped_lock lock(mutex_);
  return served_.size();
}

}  // namespace registry::http
