#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>

#include "registry/base/clock.hpp"
#include "registry/content/pins.hpp"

namespace registry::maintenance {

// What a collection may take: what nobody relies on, and nobody was told of for the grace period
// before it began. Made before the first look at the store: whatever comes to be needed after that
// look was promised after the cut-off. Thread-safe.
class Guard {
 public:
  using Removal = content::Pins::Removal;

  // `grace`: nullopt where nobody else uses the store: promises count for nothing.
  Guard(content::Pins& pins, std::optional<std::chrono::seconds> grace)
      : pins_(pins),
        hold_(pins),
        cutoff_(grace ? content::Pins::Clock::now() - *grace : content::Pins::kNoPromise),
        wall_cutoff_(grace ? std::chrono::system_clock::now() - *grace : base::WallTime::max()) {}

  // Counted as kept, if it is.
  bool protects(const oci::Digest& sha256) {
    if (!pins_.protects(sha256, cutoff_)) return false;
    ++kept_;
    return true;
  }
  // nullopt: it has to stay. Whatever answers from memory has to be told before.
  std::optional<Removal> begin_removal(const oci::Digest& sha256) {
    auto removal = pins_.begin_removal(sha256, cutoff_);
    if (!removal) ++kept_;
    return removal;
  }
  // Of what has only the time of its file.
  base::WallTime wall_cutoff() const { return wall_cutoff_; }
  // Things that nothing needs, and that stayed for now.
  std::size_t kept() const { return kept_; }

 private:
  content::Pins& pins_;
  const content::Pins::Hold hold_;
  const content::Pins::Clock::time_point cutoff_;
  const base::WallTime wall_cutoff_;
  std::atomic<std::size_t> kept_ = 0;
};

}  // namespace registry::maintenance
