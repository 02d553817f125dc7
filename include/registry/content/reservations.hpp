#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "registry/config/config.hpp"
#include "registry/content/store_size.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// How full the store is, in bytes.
struct Fullness {
  // What it may take, and of that, what is taken. With capacity.limit, as soon as they are counted,
  // the bytes of the store; else those of the volume, whosever they are.
  std::uint64_t limit = 0, used = 0;
  std::uint64_t free = 0;                    // of the limit, and on the volume
  std::uint64_t kept = 0;                    // of the free ones, for deletes and collection
  std::uint64_t reserved = 0;                // of the free ones, for uploads under way
  std::uint64_t available = 0;               // for what else comes
  std::optional<std::uint64_t> free_inodes;  // nullopt: there is no limit, or it cannot be told

  bool is_above(unsigned percent) const { return used > limit / 100 * percent; }
};

// Room for what clients are about to send: it is reserved before the first byte is taken, so that
// what cannot fit is refused before it costs anything, and of two uploads that only fit alone one
// is whole. Where nobody can tell how large the volume is, all fits. Thread-safe. Blocking: looks
// at the volume, ten times a second at most while it has room.
class Reservations {
 public:
  // Each keeps as much for its links and states, until its end.
  static constexpr std::uint64_t kOverheadBytes = 64 * 1024;
  // That a body of unknown length reserves at a time.
  static constexpr std::uint64_t kStepBytes = std::uint64_t{8} << 20U;

  // Lets go of what was not written at its end, and counts its files as written. Used by one thread
  // at a time.
  class Reservation {
   public:
    Reservation(Reservation&& other) noexcept
        : all_(std::exchange(other.all_, nullptr)),
          held_(std::exchange(other.held_, 0)),
          allocated_(std::exchange(other.allocated_, 0)) {}
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    ~Reservation() {
      if (all_ != nullptr) all_->let_go(held_, kOverheadBytes, allocated_);
    }

    // `allocate` takes blocks for so many of the bytes that are reserved, and returns whether it
    // has; they are to be given back before the end of this. The volume shows them as used, and
    // they count once all the same. Nobody looks at the volume meanwhile.
    void allocate(std::uint64_t bytes, const std::function<bool()>& allocate);
    // So many bytes come now, announced or not. Throws Error(storage_full).
    void prepare(std::uint64_t bytes);
    // Nothing comes for now: only what has come is held any longer. What was allocated has been
    // given back. `prepare` takes it anew.
    void pause();
    // They have come: from now on the volume itself shows them.
    void written(std::uint64_t bytes);

   private:
    friend class Reservations;
    explicit Reservation(Reservations& all) : all_(&all) {}
    Reservations* all_;
    std::uint64_t held_ = 0, allocated_ = 0;
  };

  // Of capacity.reserve at most a twentieth of the volume is kept free. All outlives it.
  Reservations(storage::Driver& driver, const StoreSize& size,
               const config::Capacity& capacity = {});

  // For `bytes` that are about to come. Throws Error(storage_full), which says what there is.
  Reservation reserve(std::uint64_t bytes);
  // nullopt: it cannot be told.
  std::optional<Fullness> fullness();
  // Why nothing more is taken, in a sentence; empty: something is.
  std::string why_full();
  // So many of the bytes that are kept lie in a file, which is given back when they are needed.
  void keep_in_file(std::uint64_t bytes);
  // How many times something was refused.
  std::uint64_t refused() const { return refused_; }

 private:
  using Clock = std::chrono::steady_clock;

  bool try_take(std::uint64_t bytes);
  void take(std::uint64_t bytes);
  void let_go(std::uint64_t bytes, std::uint64_t written, std::uint64_t allocated);
  void look(Clock::duration trusted);
  std::optional<Fullness> compute() const;
  std::optional<Fullness> refusal_of(std::uint64_t bytes);

  storage::Driver& driver_;
  const StoreSize& size_;
  const std::uint64_t limit_, kept_;
  std::atomic<std::uint64_t> refused_ = 0;
  std::mutex mutex_;  // of what follows
  std::optional<base::Space> space_;
  Clock::time_point looked_ = Clock::time_point::min();
  // Written since then: the volume's figures may not show them.
  std::uint64_t written_ = 0;
  std::uint64_t reserved_ = 0, in_file_ = 0;
  std::uint64_t allocated_ = 0;  // of those reserved, and used on the volume
};

}  // namespace registry::content
