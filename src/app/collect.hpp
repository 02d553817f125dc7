#pragma once

#include "registry/config/config.hpp"
#include "registry/maintenance/garbage_collector.hpp"

namespace registry::app {

// `registry garbage-collect`: on a store that no daemon serves. Returns the process' exit code.
int collect(const config::Config& config, const maintenance::CollectOptions& options);

}  // namespace registry::app
