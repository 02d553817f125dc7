#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "registry/content/pins.hpp"
#include "registry/content/recent.hpp"
#include "registry/maintenance/scrub_metrics.hpp"
#include "registry/oci/digest.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

struct ScrubOptions {
  std::uint64_t rate = 0;  // bytes a second that are read; 0: as fast as it goes
  ScrubMetrics metrics = {};
  std::stop_token stop = {};  // ends it within a fraction of a second
};

// A blob that is not what its digest says.
struct DamagedBlob {
  oci::Digest sha256;
  std::uint64_t size_bytes;
  std::string why;
  std::string quarantine;         // where it is now, below the root; empty: where it was
  std::vector<std::string> hits;  // the images that need it: "name:tag", without a tag
                                  // "name@digest"; a thousand at the most
};

struct Scrubbed {
  std::size_t blobs = 0;  // that were read to their end
  std::uint64_t bytes = 0;
  std::size_t damaged = 0;
  std::size_t unreadable = 0;  // blobs and folders that could not be looked at, each of them logged
  bool was_stopped = false;
};

// `<digest> <size> damaged: quarantined as <path>; hits: <images>`, for people.
std::string to_string(const DamagedBlob& blob);

// Hashes every blob of the store again. One that is not what its digest says, has lost its bytes or
// cannot be read for an error of the disk, twice in a row, goes to quarantine, whence nothing is
// removed; unless somebody relies on it, now and for a second more: then it stays for the next run.
// What may not be read is logged and stays. `report` gets each damaged blob with the images that
// need it, which costs reading the manifests; they are logged as well. Beside traffic; blocking.
Scrubbed scrub(storage::Driver& driver, content::Pins& pins, content::Recent& recent,
               const ScrubOptions& options,
               const std::function<void(const DamagedBlob&)>& report = {});

}  // namespace registry::maintenance
