#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <span>

#include "registry/base/pool.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

namespace net = boost::asio;

// Reads a stored file from its beginning, up to `size` bytes, and gives them to `update` on the
// pool for hashing. The few cases in which bytes are read again; returns how many there were.
net::awaitable<std::uint64_t> hash_stored(
    storage::BlobReader& reader, std::uint64_t size, base::Pool& hashing,
    const std::function<void(std::span<const std::byte>)>& update);

}  // namespace registry::content
