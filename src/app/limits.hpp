#pragma once

#include <cstddef>

// What the daemon allows itself of what the system, or its control group, allows it.
namespace registry::app {

// Bytes of bodies in flight: a quarter of the group's memory, or enough for 256 uploads.
std::size_t body_memory();
// Bytes of the lists of the catalog and of tags: an eighth of it, or enough for a million names.
std::size_t index_memory();
// Bytes of what was read lately: the size of some thousand manifests where there is room.
std::size_t recent_memory();
// A connection may need two files beside its socket. Raises the soft limit as far as it goes.
std::size_t max_connections();
// An idle one keeps the buffers of its TLS.
std::size_t max_tls_connections();

}  // namespace registry::app
