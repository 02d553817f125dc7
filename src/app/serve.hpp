#pragma once

#include "registry/config/config.hpp"

namespace registry::app {

// Runs the daemon until SIGTERM or SIGINT. Returns the process' exit code.
int serve(const config::Config& config);

}  // namespace registry::app
