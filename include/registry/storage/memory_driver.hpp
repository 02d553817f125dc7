#pragma once

#include <memory>

#include "registry/storage/driver.hpp"

namespace registry::storage {

// In memory, and gone with the process: for trying things out (`storage: inmemory`) and for tests.
std::unique_ptr<Driver> make_memory_driver();

}  // namespace registry::storage
