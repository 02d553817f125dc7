#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "registry/oci/digest.hpp"

namespace registry::content {

// What requests rely on at this moment, and what they were told is present: neither may be removed
// behind their back (docs/architecture.md, rule 3). Every path that relies on a digest takes a pin
// first, then checks presence, promises what it found, and lets go after durability. Nothing of it
// is on disk: the start of the process counts as a promise of everything. Thread-safe. Costs about
// 160 bytes for each digest that was promised within twice the grace period; only what is stored,
// or named by a manifest that is, is ever promised.
//
// Who removes something takes a Removal first: it is refused while a pin or a promise holds, and
// whoever wants a pin waits for its end, and then finds out what is left.
class Pins {
 public:
  using Clock = std::chrono::steady_clock;

  class Pin {
   public:
    Pin(Pin&& other) noexcept
        : pins_(std::exchange(other.pins_, nullptr)),
          digest_(std::move(other.digest_)),
          promised_(other.promised_) {}
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin() {
      if (pins_ != nullptr) pins_->release(digest_, promised_);
    }

    // The digest was found, or stored: from the end of this pin on it stays for the grace period.
    void promise() { promised_ = true; }
    const oci::Digest& digest() const { return digest_; }

   private:
    friend class Pins;
    Pin(Pins& pins, oci::Digest digest) : pins_(&pins), digest_(std::move(digest)) {}
    Pins* pins_;
    oci::Digest digest_;
    bool promised_ = false;
  };

  // Keeps others from pinning a digest, for the time of its life: no longer than it takes to remove
  // a file or two.
  class Removal {
   public:
    Removal(Removal&& other) noexcept
        : pins_(std::exchange(other.pins_, nullptr)), digest_(std::move(other.digest_)) {}
    Removal(const Removal&) = delete;
    Removal& operator=(const Removal&) = delete;
    ~Removal() {
      if (pins_ != nullptr) pins_->end_removal(digest_);
    }

   private:
    friend class Pins;
    Removal(Pins& pins, oci::Digest digest) : pins_(&pins), digest_(std::move(digest)) {}
    Pins* pins_;
    oci::Digest digest_;
  };

  // While it lives no promise is forgotten, however long ago: for a collection, whose mark may take
  // longer than the grace period.
  class Hold {
   public:
    explicit Hold(Pins& pins) : pins_(pins) { ++pins_.holds_; }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { --pins_.holds_; }

   private:
    Pins& pins_;
  };

  // A cut-off that no promise reaches: pins alone count.
  static constexpr Clock::time_point kNoPromise = Clock::time_point::max();

  explicit Pins(Clock::duration grace, Clock::time_point start = Clock::now());

  // Waits for the end of a removal: not for the event loop.
  Pin pin(const oci::Digest& digest);
  // What a client is told from memory. The caller makes sure afterwards that it was true: whoever
  // removes something first says so, and then looks for promises. Never waits.
  void promise(const oci::Digest& digest) { promise(digest, Clock::now()); }
  // Something that needed it has gone, perhaps the last: it stays for the grace period from now on,
  // and then a collection may be worth its while.
  void unneeded(const oci::Digest& digest);
  // When that happened for the first time since it was last forgotten; nullopt: it did not.
  std::optional<Clock::time_point> first_unneeded() const;
  // When it happened for the last time; far in the past where it never did.
  Clock::time_point last_unneeded() const {
    return Clock::time_point(Clock::duration(last_unneeded_.load()));
  }
  // A collection begins, and sees what has happened so far.
  void forget_unneeded() { first_unneeded_ = kNever; }
  // Whether the digest is pinned, or was promised at the cut-off or later. A cut-off before the
  // grace period that ends now finds no more than that period has.
  bool protects(const oci::Digest& digest, Clock::time_point cutoff);
  // nullopt: it is protected, or somebody else removes it at this moment.
  std::optional<Removal> begin_removal(const oci::Digest& digest, Clock::time_point cutoff);
  // Runs `work` while nobody can pin the digest. False: somebody has it pinned, or removes it, and
  // nothing was done.
  bool unless_pinned(const oci::Digest& digest, const std::function<void()>& work);

  // The start of the process was then or later, and protects everything from such a cut-off.
  bool has_started_since(Clock::time_point cutoff) const { return start_ >= cutoff; }
  Clock::duration grace() const { return grace_; }

 private:
  using Promises = std::unordered_map<oci::Digest, Clock::time_point>;  // the last of each
  struct Shard {
    std::mutex mutex;
    std::condition_variable removed;
    std::unordered_map<oci::Digest, std::size_t> pinned;
    std::unordered_set<oci::Digest> being_removed;
    // Of this grace period and of the one before: forgotten together, so that nobody has to look
    // for what is old.
    Promises current, previous;
    Clock::time_point turned, latest;  // turn, and promise
  };

  void promise(const oci::Digest& digest, Clock::time_point now);
  void note(Shard& shard, const oci::Digest& digest, Clock::time_point now) const;
  void release(const oci::Digest& digest, bool promised);
  void end_removal(const oci::Digest& digest);
  void turn(Shard& shard, Clock::time_point now) const;
  bool is_protected(const Shard& shard, const oci::Digest& digest, Clock::time_point cutoff) const;
  Shard& shard_of(const oci::Digest& digest);

  const Clock::duration grace_;
  const Clock::time_point start_;
  static constexpr Clock::rep kNever = 0;
  std::atomic<std::size_t> holds_ = 0;
  std::atomic<Clock::rep> first_unneeded_ = kNever, last_unneeded_ = kNever;
  std::array<Shard, 16> shards_;
};

using Pin = Pins::Pin;

}  // namespace registry::content
