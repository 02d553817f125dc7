#pragma once

#include "registry/config/config.hpp"

namespace registry::app {

// `registry scrub`: on a store that no daemon serves. Returns the process' exit code: 0 where every
// blob is whole, 1 where one is damaged or cannot be read.
int scrub(const config::Config& config);

}  // namespace registry::app
