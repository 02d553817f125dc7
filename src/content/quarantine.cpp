#include "registry/content/quarantine.hpp"

#include "change.hpp"
#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;

namespace {

// Another of this digest may be there: it, too, is kept.
std::string free_place(storage::Driver& driver, const oci::Digest& sha256) {
  const auto first = paths::quarantine(sha256);
  auto place = first;
  for (int i = 2; driver.stat(place); ++i) place = first + '-' + std::to_string(i);
  return place;
}

}  // namespace

// Nobody can put another in its place behind the look at it: whoever does has it pinned.
Quarantined quarantine(storage::Driver& driver, Pins& pins, Recent& recent,
                       const oci::Digest& sha256, const storage::BlobReader& damaged) {
  Quarantined result{Quarantined::State::pinned, {}};
  pins.unless_pinned(sha256, [&] {
    result.state = Quarantined::State::replaced;
    const auto now = driver.stat(paths::blob(sha256));
    if (!now || now->id != damaged.id()) return;
    result.path = free_place(driver, sha256);
    const Change change([&] { recent.forget_all(); });
    if (driver.move(paths::blob(sha256), result.path)) result.state = Quarantined::State::moved;
  });
  if (result.state != Quarantined::State::moved) return {result.state, {}};
  base::log::error("a stored blob was damaged and is in quarantine: push the image again",
                   {{"digest", sha256.str()}, {"now", result.path}});
  return result;
}

}  // namespace registry::content
