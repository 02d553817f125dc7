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
  const std::scoped_lock lock(shard.mutex);
  ++shard.pinned[digest];
  return {*this, digest};
}

void Pins::promise(const oci::Digest& digest) {
  const auto now = Clock::now();
  auto& shard = shard_of(digest);
  const std::scoped_lock lock(shard.mutex);
  turn(shard, now);
  shard.current.insert(digest);
}

void Pins::release(const oci::Digest& digest, bool promised, Clock::time_point now) {
  auto& shard = shard_of(digest);
  const std::scoped_lock lock(shard.mutex);
  turn(shard, now);
  if (promised) shard.current.insert(digest);
  const auto found = shard.pinned.find(digest);
  if (--found->second == 0) shard.pinned.erase(found);
}

// A promise made just before a turn lives on in `previous` for one grace period more.
void Pins::turn(Shard& shard, Clock::time_point now) const {
  if (now - shard.turned < grace_) return;
  shard.previous.clear();
  if (now - shard.turned < 2 * grace_) shard.previous.swap(shard.current);
  shard.current.clear();
  shard.turned = now;
}

bool Pins::unless_pinned(const oci::Digest& digest, const std::function<void()>& work) {
  auto& shard = shard_of(digest);
  const std::scoped_lock lock(shard.mutex);
  if (shard.pinned.contains(digest)) return false;
  work();
  return true;
}

bool Pins::protects(const oci::Digest& digest, Clock::time_point now) {
  if (now - start_ < grace_) return true;
  auto& shard = shard_of(digest);
  const std::scoped_lock lock(shard.mutex);
  turn(shard, now);
  return shard.pinned.contains(digest) || shard.current.contains(digest) ||
         shard.previous.contains(digest);
}

}  // namespace registry::content
