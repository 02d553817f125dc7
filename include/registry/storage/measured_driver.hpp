#pragma once

#include <memory>

#include "registry/base/metrics.hpp"
#include "registry/storage/driver.hpp"

namespace registry::storage {

// Measures each call of `driver` under 2.8's names (registry_storage_action_seconds, CONTRACT 14).
// `name`: of the driver, as in the configuration.
std::unique_ptr<Driver> make_measured_driver(std::unique_ptr<Driver> driver, const char* name,
                                             base::Metrics& metrics);

}  // namespace registry::storage
