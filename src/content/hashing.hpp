#pragma once

#include <functional>
#include <span>

#include "registry/storage/driver.hpp"

namespace registry::content {

// Reads a stored file from its beginning, up to `size` bytes, and gives them to `update`. The few
// cases in which bytes are read again; returns how many there were. Blocking.
std::uint64_t hash_stored(storage::BlobReader& reader, std::uint64_t size,
                          const std::function<void(std::span<const std::byte>)>& update);

}  // namespace registry::content
