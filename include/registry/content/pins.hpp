#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "registry/oci/digest.hpp"

namespace registry::content {

// What requests rely on at this moment, and what they were told is present: neither may be removed
// behind their back (docs/architecture.md, rule 3). Every path that relies on a digest takes a pin
// first, then checks presence, promises what it found, and lets go after durability. Nothing of it
// is on disk: the start of the process counts as a promise of everything. Thread-safe. Costs about
// 150 bytes for each digest that was promised within twice the grace period; only what is stored is
// ever promised.
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
      if (pins_ != nullptr) pins_->release(digest_, promised_, Clock::now());
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

  explicit Pins(Clock::duration grace, Clock::time_point start = Clock::now());

  Pin pin(const oci::Digest& digest);
  // What a client is told from memory. The caller makes sure afterwards that it was true: whoever
  // removes something first says so, and then looks for promises.
  void promise(const oci::Digest& digest);
  // Whether the digest is pinned, or was promised within the grace period before `now`.
  bool protects(const oci::Digest& digest, Clock::time_point now);
  // Runs `work` while nobody can pin the digest. False: somebody has it pinned, and nothing was
  // done.
  bool unless_pinned(const oci::Digest& digest, const std::function<void()>& work);

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<oci::Digest, std::size_t> pinned;
    // Promises of this grace period and of the one before.
    std::unordered_set<oci::Digest> current, previous;
    Clock::time_point turned;
  };

  void release(const oci::Digest& digest, bool promised, Clock::time_point now);
  void turn(Shard& shard, Clock::time_point now) const;
  Shard& shard_of(const oci::Digest& digest);

  const Clock::duration grace_;
  const Clock::time_point start_;
  std::array<Shard, 16> shards_;
};

using Pin = Pins::Pin;

}  // namespace registry::content
