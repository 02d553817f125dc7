#pragma once

#include <stop_token>

#include "registry/content/content.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

// Counts what the repositories of each quota hold: the different blobs that they link to, by the
// sizes that are stored, and tells content.quotas. `driver` is that of the content. What cannot be
// read is logged and left out. A count that `stop` ends early counts for nothing. Costs a look at
// each layer link and each blob, and about 160 bytes for each blob; blocking.
void count_quotas(content::Content& content, storage::Driver& driver,
                  const std::stop_token& stop = {});

}  // namespace registry::maintenance
