#pragma once

#include <memory>
#include <stop_token>

#include "registry/base/files.hpp"
#include "registry/storage/driver.hpp"

namespace registry::storage {

// `looks_on`: beside a daemon that serves the store. Nothing is touched, and nothing may be written
// through the driver; what it sees may not be durable yet.
enum class Access { alone, looks_on };

// On a filesystem, below `root`, which exists. Alone on it, it makes durable at once what is there.
// `files` outlives the driver. Throws std::system_error where the root cannot be written to.
std::unique_ptr<Driver> make_filesystem_driver(base::Files& files, const base::Path& root,
                                               Access access = Access::alone);

// Removes what an earlier process had set aside when it ended. Nobody needs to wait for it; ends
// early where `stop` asks for it.
void remove_leftovers(base::Files& files, const base::Path& root, const std::stop_token& stop = {});

}  // namespace registry::storage
