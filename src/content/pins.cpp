#include "registry/content/pins.hpp"

namespace registry::content {

Pins::Pins(Clock::duration grace, Clock::time_point start) : grace_(grace), start_(start) {
  for (auto& shard : shards_) shard.turned = start;
}

Pins::Shard& Pins::shard_of(const oci::Digest& digest) {
  return shards_.at(std::hash<oci::Digest>{}(digest) % shards_.size());
}

Pin Pins::pin(const oci::Digest& digest) {
  auto& shard = shard_of(digest);
  std::unique_lock lock(shard.mutex);
  shard.removed.wait(lock, [&] { return !shard.being_removed.contains(digest); });
  ++shard.pinned[digest];
  return {*this, digest};
}

void Pins::promise(const oci::Digest& digest, Clock::time_point now) {
  auto& shard = shard_of(digest);
  const std::scoped_lock lock(shard.mutex);
  note(shard, digest, now);
}

void Pins::note(Shard& shard, const oci::Digest& digest, Clock::time_point now) const {
  turn(shard, now);
  shard.current.insert_or_assign(digest, now);
  shard.latest = now;
}

void Pins::release(const oci::Digest& digest, bool promised) {
  const auto now = Clock::now();
  auto& shard = shard_of(digest);
  const std::scoped_lock lock(shard.mutex);
  if (promised) note(shard, digest, now);
  const auto found = shard.pinned.find(digest);
  if (--found->second == 0) shard.pinned.erase(found);
}

// A promise made just before a turn lives on in `previous` for one grace period more. All that are
// left there were made before the last turn.
void Pins::turn(Shard& shard, Clock::time_point now) const {
  if (now - shard.turned < grace_ || holds_ > 0) return;
  shard.previous.clear();
  if (now - shard.latest < grace_) shard.previous.swap(shard.current);
  shard.current.clear();
  shard.turned = now;
}

bool Pins::is_protected(const Shard& shard, const oci::Digest& digest,
                        Clock::time_point cutoff) const {
  if (has_started_since(cutoff) || shard.pinned.contains(digest)) return true;
  for (const auto* promises : {&shard.current, &shard.previous}) {
    const auto found = promises->find(digest);
    if (found != promises->end()) return found->second >= cutoff;
  }
  return false;
}

void Pins::unneeded(const oci::Digest& digest) {
  const auto now = Clock::now();
  promise(digest, now);
  last_unneeded_ = now.time_since_epoch().count();
  auto never = kNever;
  first_unneeded_.compare_exchange_strong(never, now.time_since_epoch().count());
}

std::optional<Pins::Clock::time_point> Pins::first_unneeded() const {
  const auto first = first_unneeded_.load();
  if (first == kNever) return std::nullopt;
  return Clock::time_point(Clock::duration(first));
}

bool Pins::protects(const oci::Digest& digest, Clock::time_point cutoff) {
  auto& shard = shard_of(digest);
  const std::scoped_lock lock(shard.mutex);
  return is_protected(shard, digest, cutoff);
}

std::optional<Pins::Removal> Pins::begin_removal(const oci::Digest& digest,
                                                 Clock::time_point cutoff) {
  auto& shard = shard_of(digest);
  const std::scoped_lock lock(shard.mutex);
  if (is_protected(shard, digest, cutoff)) return std::nullopt;
  if (!shard.being_removed.insert(digest).second) return std::nullopt;
  return Removal(*this, digest);
}

void Pins::end_removal(const oci::Digest& digest) {
  auto& shard = shard_of(digest);
  const std::scoped_lock lock(shard.mutex);
  shard.being_removed.erase(digest);
  shard.removed.notify_all();
}

bool Pins::unless_pinned(const oci::Digest& digest, const std::function<void()>& work) {
  const auto removal = begin_removal(digest, kNoPromise);
  if (removal) work();
  return removal.has_value();
}

}  // namespace registry::content
