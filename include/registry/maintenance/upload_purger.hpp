#pragma once

#include <cstddef>
#include <stop_token>

#include "registry/base/clock.hpp"
#include "registry/content/content.hpp"

namespace registry::maintenance {

struct Purged {
  std::size_t found = 0;    // that nobody has touched for so long
  std::size_t removed = 0;  // of these; none in a dry run
};

// Removes the uploads that nobody has touched since `limit`, and what 2.8 leaves of cancelled ones;
// one that a request writes to stays. What cannot be removed is logged and left. Ends early where
// `stop` asks for it. Blocking.
Purged purge_uploads(content::Content& content, base::WallTime limit, bool dry_run,
                     const std::stop_token& stop = {});

}  // namespace registry::maintenance
