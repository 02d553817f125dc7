#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "registry/content/last_uses.hpp"
#include "registry/oci/digest.hpp"

namespace registry::content {

// What was read lately, by repository and reference, so that it is answered again without a look at
// the store; up to a number of bytes, the longest unused goes first. The store's files stay the
// truth: whoever changes them says so here before anybody is told of it, and what is older than
// `trusted` is read again, for what people do to the files by hand. Thread-safe.
//
// A change does not look for what it makes untrue: it counts up the generation of a name, which is
// one of a thousand slots that names share, and what was read at another generation is no longer
// found. So a reader that is overtaken by a change cannot bring the old back: it says which
// generation it began with.
template <class Value>
class RecentlyRead {
 public:
  using Clock = std::chrono::steady_clock;
  using Generation = std::uint64_t;
  struct Found {
    std::shared_ptr<const Value> value;
    Generation generation;
  };

  RecentlyRead(std::size_t bytes, Clock::duration trusted) : capacity_(bytes), trusted_(trusted) {}

  // Taken before the store is read.
  Generation generation(std::string_view name, std::string_view reference) const {
    return everything_.load() + slot_of(name, "").load() + slot_of(name, reference).load();
  }
  std::optional<Found> find(std::string_view name, std::string_view reference);
  void add(std::string_view name, std::string_view reference, Generation generation,
           std::shared_ptr<const Value> value, std::size_t bytes);

  // It has changed, or may have.
  void forget(std::string_view name, std::string_view reference) { ++slot_of(name, reference); }
  void forget_repository(std::string_view name) { ++slot_of(name, ""); }
  void forget_all() { ++everything_; }

  std::size_t bytes() const {
    const std::scoped_lock lock(mutex_);
    return used_;
  }

 private:
  struct Key {
    std::string_view name, reference;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      return hash_of(key.name) * 31 + hash_of(key.reference);
    }
  };
  struct Entry {
    std::string name, reference;
    Found found;
    Clock::time_point read;
    std::size_t bytes;
  };
  using Entries = std::list<Entry>;
  using Counter = std::atomic<Generation>;

  // Of the two strings, the list's node and the table's.
  static constexpr std::size_t kOverhead = 256;

  static std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }
  Counter& slot_of(std::string_view name, std::string_view reference) const {
    return slots_[Hash{}({name, reference}) % slots_.size()];
  }
  void erase(typename Entries::iterator entry);

  const std::size_t capacity_;
  const Clock::duration trusted_;
  Counter everything_{0};
  mutable std::array<Counter, 1024> slots_{};
  mutable std::mutex mutex_;
  Entries entries_;                                                   // the latest used first
  std::unordered_map<Key, typename Entries::iterator, Hash> by_key_;  // into `entries_`
  std::size_t used_ = 0;
};

template <class Value>
auto RecentlyRead<Value>::find(std::string_view name, std::string_view reference)
    -> std::optional<Found> {
  const auto now = Clock::now();
  const auto current = generation(name, reference);
  const std::scoped_lock lock(mutex_);
  const auto at = by_key_.find({name, reference});
  if (at == by_key_.end()) return std::nullopt;
  const auto entry = at->second;
  if (entry->found.generation != current || now - entry->read > trusted_) {
    erase(entry);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->found;
}

template <class Value>
void RecentlyRead<Value>::add(std::string_view name, std::string_view reference,
                              Generation generation, std::shared_ptr<const Value> value,
                              std::size_t bytes) {
  bytes += kOverhead + 2 * (name.size() + reference.size());
  if (bytes > capacity_ / 4) return;  // one must not drive all others out
  Entries fresh;
  fresh.push_back({std::string(name),
                   std::string(reference),
                   {std::move(value), generation},
                   Clock::now(),
                   bytes});
  const std::scoped_lock lock(mutex_);
  if (const auto at = by_key_.find({name, reference}); at != by_key_.end()) erase(at->second);
  while (used_ + bytes > capacity_) erase(std::prev(entries_.end()));
  const auto& entry = fresh.front();
  by_key_.emplace(Key{entry.name, entry.reference}, fresh.begin());
  entries_.splice(entries_.begin(), fresh);
  used_ += bytes;
}

template <class Value>
void RecentlyRead<Value>::erase(typename Entries::iterator entry) {
  used_ -= entry->bytes;
  by_key_.erase({entry->name, entry->reference});
  entries_.erase(entry);
}

struct StoredManifest {
  oci::Digest digest;  // that it was asked for by, or that the tag was pushed with
  oci::Digest sha256;  // that it is stored under
  std::string media_type;
  std::string content;
  std::shared_ptr<Use> use = nullptr;  // for who answers with it
};

struct RecentBlob {
  oci::Digest sha256;
  std::uint64_t size_bytes;
  std::optional<std::string> content = std::nullopt;  // of a small one
};

// Of manifests, small blobs, and the sizes of large ones.
struct Recent {
  static constexpr std::size_t kDefaultBytes = std::size_t{8} << 20;
  static constexpr std::chrono::seconds kTrusted{10};

  explicit Recent(std::size_t bytes = kDefaultBytes,
                  std::chrono::steady_clock::duration trusted = kTrusted)
      : manifests(bytes / 2, trusted), blobs(bytes / 2, trusted) {}

  // A blob of the store is no longer what it was, in whatever repositories.
  void forget_all() {
    manifests.forget_all();
    blobs.forget_all();
  }

  // Something has gone from a repository.
  void forget_repository(const std::string& name) {
    manifests.forget_repository(name);
    blobs.forget_repository(name);
  }

  RecentlyRead<StoredManifest> manifests;
  RecentlyRead<RecentBlob> blobs;
};

}  // namespace registry::content
