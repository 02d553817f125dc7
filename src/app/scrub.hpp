#pragma once

#include <nlohmann/json_fwd.hpp>
#include <stop_token>

#include "control.hpp"
#include "registry/config/config.hpp"
#include "scrubbing.hpp"

namespace registry::app {

// `registry scrub`: by the daemon that serves the store, beside its traffic, or on a store that
// none serves. Returns the process' exit code: 0 where every blob is whole, 1 where one is damaged
// or cannot be read.
int scrub(const config::Config& config);

// The daemon's part: does what such a command asks it for, until `gone` says that the command has
// gone, and returns that command's exit code. Blocking.
int scrub_as_asked(const nlohmann::json& asked, Scrubbing& scrubbing, const control::Say& say,
                   const std::stop_token& gone);

}  // namespace registry::app
