#include "registry/maintenance/usage_record.hpp"

#include <limits>

#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {

UsageRecord::UsageRecord(content::Content& content, storage::Driver& driver, base::Metrics& metrics)
    : content_(content),
      driver_(driver),
      bytes_(metrics.gauge("registry_usage_bytes", "Bytes of all blobs, manifests among them.")),
      blobs_(metrics.gauge("registry_usage_blobs", "Blobs, manifests among them.")),
      reclaimable_(metrics.gauge("registry_usage_reclaimable_bytes",
                                 "Bytes of the blobs that no manifest needs.")),
      repositories_(metrics.gauge("registry_usage_repositories", "Repositories.")),
      tags_(metrics.gauge("registry_usage_tags", "Tags of all of them.")),
      manifests_(metrics.gauge("registry_usage_manifests", "Manifests of all of them.")),
      uploads_(metrics.gauge("registry_usage_uploads", "Uploads under way.")),
      upload_bytes_(metrics.gauge("registry_usage_upload_bytes", "Bytes of uploads under way.")),
      damaged_(metrics.gauge("registry_usage_damaged",
                             "Places of the store that could not be read and counted.")),
      taken_(metrics.gauge("registry_usage_taken_timestamp_seconds",
                           "When the store was last counted.")) {}

std::shared_ptr<const Usage> UsageRecord::latest() const {
  const std::scoped_lock lock(mutex_);
  return latest_;
}

void UsageRecord::take(const std::stop_token& stop) {
  try {
    auto counted = count_usage(content_, driver_, stop);
    if (!counted) return;
    const auto usage = std::make_shared<const Usage>(std::move(*counted));
    {
      const std::scoped_lock lock(mutex_);
      latest_ = usage;
    }
    show(*usage);
    write(*usage);
  } catch (const std::exception& error) {
    base::log::error("cannot count where the space went", {{"err", error.what()}});
  }
}

void UsageRecord::show(const Usage& usage) {
  const auto set = [](prometheus::Gauge& gauge, std::uint64_t value) {
    gauge.Set(static_cast<double>(value));
  };
  set(bytes_, usage.bytes);
  set(blobs_, usage.blobs);
  if (usage.is_complete) {
    set(reclaimable_, usage.reclaimable);
  } else {
    reclaimable_.Set(std::numeric_limits<double>::quiet_NaN());
  }
  set(repositories_, usage.repositories);
  set(tags_, usage.tags);
  set(manifests_, usage.manifests);
  set(uploads_, usage.uploads);
  set(upload_bytes_, usage.upload_bytes);
  set(damaged_, usage.damaged);
  taken_.Set(std::chrono::duration<double>(usage.taken.time_since_epoch()).count());
}

// Nobody relies on it: a full volume, or one that is read-only, is no reason to fail, and what is
// kept for deletes and collections is not for this.
void UsageRecord::write(const Usage& usage) {
  try {
    constexpr std::uint64_t kLeastFree = std::uint64_t{1} << 20;
    const auto fullness = content_.reservations.fullness();
    if (fullness && fullness->free < kLeastFree) return;
    const auto text = usage_document(&usage, fullness, kMostInFile);
    driver_.put(storage::paths::kUsage, text, storage::Survives::process_crash);
  } catch (const std::exception& error) {
    base::log::warn_once("cannot write where the space went",
                         {{"path", storage::paths::kUsage}, {"err", error.what()}});
  }
}

}  // namespace registry::maintenance
