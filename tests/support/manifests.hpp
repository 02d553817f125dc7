#pragma once

#include "registry/content/manifests.hpp"

namespace registry::support {

// What the store has of it, whatever is in memory; nullopt: absent.
inline std::optional<content::StoredManifest> get(content::Manifests& manifests,
                                                  const oci::RepositoryName& name,
                                                  const content::Reference& reference) {
  const auto found = manifests.find(name, reference);
  return found ? manifests.read(*found) : std::nullopt;
}

}  // namespace registry::support
