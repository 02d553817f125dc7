#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"
#include "registry/maintenance/scrubber.hpp"
#include "registry/storage/driver.hpp"

namespace registry::app {

// The daemon's scrubs, beside its traffic: at each interval, and whenever somebody asks; one at a
// time. A run lasts for hours, and ends early where `stop` asks for it. All that it is given
// outlives it. Thread-safe.
class Scrubbing {
 public:
  using Report = std::function<void(const maintenance::DamagedBlob&)>;

  Scrubbing(const config::Scrub& options, storage::Driver& driver, content::Content& content,
            maintenance::ScrubMetrics metrics, std::stop_token stop)
      : options_(options),
        driver_(driver),
        content_(content),
        metrics_(metrics),
        stop_(std::move(stop)) {}

  // Now, at a rate of its own, and until `gone` asks for its end, too. nullopt: one is under way.
  // `report` must not block. Throws what the store throws. Blocking.
  std::optional<maintenance::Scrubbed> scrub_by_hand(std::uint64_t rate,
                                                     const std::stop_token& gone,
                                                     const Report& report);
  // Until the event loop ends: the first time after a random part of the interval, so that not all
  // daemons on a disk begin at once. A run holds a thread of the pool.
  boost::asio::awaitable<void> scrub_for_ever(base::Pool& pool);

 private:
  void scrub_by_itself();

  const config::Scrub& options_;
  storage::Driver& driver_;
  content::Content& content_;
  const maintenance::ScrubMetrics metrics_;
  const std::stop_token stop_;
  std::mutex one_at_a_time_;
};

}  // namespace registry::app
