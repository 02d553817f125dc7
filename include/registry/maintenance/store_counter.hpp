#pragma once

#include <stop_token>

#include "registry/content/content.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

// Counts the bytes of the blobs and uploads of a store, and tells content.store_size. `driver` is
// that of the content. What cannot be read is logged and left out. A count that `stop` ends early
// counts for nothing. Costs a look at each file; blocking.
void count_store(content::Content& content, storage::Driver& driver,
                 const std::stop_token& stop = {});

}  // namespace registry::maintenance
