#pragma once

#include <functional>
#include <memory>

#include "registry/storage/driver.hpp"

namespace registry::storage {

// Around `driver`: where a small file, a removal or a move finds the volume full, `relieve` is
// called, and if it returns true, as it has made some room, that is tried once more. What blobs and
// uploads bring is not worth that. `relieve` may be called by several threads at once; does not
// throw.
std::unique_ptr<Driver> make_relieved_driver(std::unique_ptr<Driver> driver,
                                             std::function<bool()> relieve);

}  // namespace registry::storage
