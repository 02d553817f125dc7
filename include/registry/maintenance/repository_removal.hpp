#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>

#include "registry/content/content.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

struct RemovedRepository {
  std::size_t tags = 0, manifests = 0;  // that went
  std::size_t kept = 0;                 // manifests that are still there
};

// Deletes all tags and manifests of a repository, as a client would one by one, from what leads to
// others to what they lead to; its layers are left to the collector. What somebody pushes, pulls or
// asks for meanwhile stays, with what it leads to, and so does what cannot be read: so a push is
// whole, and has to be deleted anew. nullopt: there is no such repository. Each removal is durable;
// `stop` ends it between two. Reads every manifest of the repository. Blocking.
std::optional<RemovedRepository> remove_repository(content::Content& content,
                                                   storage::Driver& driver,
                                                   const oci::RepositoryName& name,
                                                   const std::stop_token& stop = {});

}  // namespace registry::maintenance
