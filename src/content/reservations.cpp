#include "registry/content/reservations.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "registry/base/text.hpp"
#include "registry/oci/error.hpp"

namespace registry::content {
namespace {

using base::size_text;

// For which the figures of a volume that has room are believed. Nobody is refused for old ones.
constexpr std::chrono::milliseconds kTrusted{100}, kTrustedToRefuse{0};
constexpr std::uint64_t kMostOfVolume = 20;  // a small one keeps a twentieth
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 62U;

std::uint64_t minus(std::uint64_t a, std::uint64_t b) {
  return a - std::min(a, b);
}

bool fits(const Fullness& now, std::uint64_t bytes) {
  return bytes <= now.available && now.free_inodes.value_or(1) > 0;
}

std::string sentence(const Fullness& now, std::uint64_t needed) {
  const bool has_inodes = now.free_inodes.value_or(1) > 0;
  return "the registry's storage is full: " + size_text(needed) + " are needed, and of " +
         size_text(now.limit) + " " + size_text(now.used) + " are used and " + size_text(now.free) +
         " free, " + size_text(now.kept) + " of them kept for deletes and " +
         size_text(now.reserved) + " for uploads under way" +
         (has_inodes ? "" : "; the volume has no inode left") +
         ": delete images and wait for the next collection, or enlarge it";
}

}  // namespace

void Reservations::Reservation::prepare(std::uint64_t bytes) {
  const auto wanted = bytes + kOverheadBytes;
  if (held_ >= wanted) return;
  const auto missing = wanted - held_;
  const auto step = std::max(missing, kStepBytes);
  if (all_->try_take(step)) {
    held_ += step;
  } else {
    all_->take(missing);
    held_ += missing;
  }
}

void Reservations::Reservation::written(std::uint64_t bytes) {
  const auto held = std::min(bytes, held_);
  const auto allocated = std::min(bytes, allocated_);
  held_ -= held;
  allocated_ -= allocated;
  all_->let_go(held, bytes - allocated, allocated);
}

void Reservations::Reservation::pause() {
  const auto rest = minus(held_, kOverheadBytes);
  all_->let_go(rest, 0, std::exchange(allocated_, 0));
  held_ -= rest;
}

void Reservations::Reservation::allocate(std::uint64_t bytes,
                                         const std::function<bool()>& allocate) {
  const std::scoped_lock lock(all_->mutex_);
  if (!allocate()) return;
  allocated_ += bytes;
  all_->allocated_ += bytes;
  all_->looked_ = Clock::time_point::min();
}

Reservations::Reservations(storage::Driver& driver, const StoreSize& size,
                           const config::Capacity& capacity)
    : driver_(driver), size_(size), limit_(capacity.limit), kept_(capacity.reserve) {}

Reservations::Reservation Reservations::reserve(std::uint64_t bytes) {
  Reservation reservation(*this);
  const auto all = std::min(bytes, kMostBytes) + kOverheadBytes;
  take(all);
  reservation.held_ = all;
  return reservation;
}

// nullopt: it was taken.
std::optional<Fullness> Reservations::refusal_of(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  for (const auto trusted : {kTrusted, kTrustedToRefuse}) {
    look(trusted);
    const auto now = compute();
    if (!now || fits(*now, bytes)) {
      reserved_ += bytes;
      return std::nullopt;
    }
  }
  return compute();
}

bool Reservations::try_take(std::uint64_t bytes) {
  return !refusal_of(bytes);
}

void Reservations::take(std::uint64_t bytes) {
  const auto refusal = refusal_of(bytes);
  if (!refusal) return;
  ++refused_;
  throw oci::Error(oci::ErrorCode::storage_full, sentence(*refusal, bytes));
}

void Reservations::let_go(std::uint64_t bytes, std::uint64_t written, std::uint64_t allocated) {
  const std::scoped_lock lock(mutex_);
  reserved_ = minus(reserved_, bytes);
  allocated_ = minus(allocated_, allocated);
  written_ += written;
}

void Reservations::keep_in_file(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  if (in_file_ == bytes) return;
  in_file_ = bytes;
  looked_ = Clock::time_point::min();  // what was seen so far was with the other size
}

void Reservations::look(Clock::duration trusted) {
  const auto now = Clock::now();
  if (looked_ != Clock::time_point::min() && now - looked_ < trusted) return;
  space_ = driver_.space();
  looked_ = now;
  written_ = 0;
}

std::optional<Fullness> Reservations::compute() const {
  const auto store = limit_ > 0 ? size_.bytes() : std::nullopt;
  if (!space_ && !store) return std::nullopt;
  Fullness now;
  auto room = std::numeric_limits<std::uint64_t>::max();
  now.free = room;
  if (space_) {
    now.free = minus(space_->free_bytes, written_) + in_file_ + allocated_;
    now.free_inodes = space_->free_inodes;
    now.limit = space_->total_bytes;
    now.used = minus(now.limit, now.free);
    now.kept = std::min({kept_, space_->total_bytes / kMostOfVolume, now.free});
    room = now.free - now.kept;
  }
  if (store) {
    const auto left = minus(limit_, *store);
    room = std::min(room, left);
    now.free = std::min(now.free, left);
    now.used = *store;
    now.limit = std::min(limit_, *store + now.free);
  }
  now.reserved = reserved_;
  now.available = minus(room, reserved_);
  return now;
}

std::optional<Fullness> Reservations::fullness() {
  const std::scoped_lock lock(mutex_);
  look(kTrusted);
  return compute();
}

std::string Reservations::why_full() {
  const auto now = fullness();
  return !now || fits(*now, kOverheadBytes) ? std::string() : sentence(*now, kOverheadBytes);
}

}  // namespace registry::content
