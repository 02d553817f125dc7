#pragma once

#include <nlohmann/json_fwd.hpp>

#include "collecting.hpp"
#include "control.hpp"
#include "registry/config/config.hpp"
#include "registry/maintenance/garbage_collector.hpp"

namespace registry::app {

// `registry garbage-collect`: by the daemon that serves the store, beside its traffic, or on a
// store that none serves. Returns the process' exit code.
int collect(const config::Config& config, const maintenance::CollectOptions& options);

// The daemon's part: does what such a command asks it for, and returns that command's exit code.
// Blocking.
int collect_as_asked(const nlohmann::json& asked, Collecting& collecting, const control::Say& say);

}  // namespace registry::app
