#pragma once

#include <map>
#include <string>

#include "retention_decision.hpp"

namespace registry::maintenance {

// The manifests of BuildKit's cache that go by the limits, and why: first what nobody has used for
// too long, then what is longest unused until the rest fits. No I/O.
std::map<oci::Digest, std::string> build_cache_going(const SeenRepository& repository,
                                                     const config::Retention::Buildcache& limits,
                                                     base::WallTime now);

}  // namespace registry::maintenance
