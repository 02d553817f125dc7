#pragma once

#include <functional>

#include "registry/content/content.hpp"
#include "registry/maintenance/retention.hpp"
#include "registry/oci/name.hpp"
#include "retention_decision.hpp"

namespace registry::maintenance {

struct CarryingOut {
  const RetentionRun& run;
  content::Pins::Clock::time_point cutoff;  // promised since then, something stays
  const std::function<void(const Removal&)>& each;
};

// Carries out a decision on one repository, from what belongs to nothing to what belongs to that,
// each under the repository's lock and only where it is still as it was seen. The cut-off is from
// before the repository was read. Blocking.
void carry_out(content::Content& content, const oci::RepositoryName& name, Decision decision,
               const CarryingOut& how);

}  // namespace registry::maintenance
