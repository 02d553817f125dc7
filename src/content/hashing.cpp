#include "hashing.hpp"

#include <algorithm>
#include <vector>

#include "registry/base/offload.hpp"

namespace registry::content {

net::awaitable<std::uint64_t> hash_stored(
    storage::BlobReader& reader, std::uint64_t size, base::Pool& hashing,
    const std::function<void(std::span<const std::byte>)>& update) {
  std::vector<std::byte> block(std::size_t{256} * 1024);
  std::uint64_t offset = 0;
  while (offset < size) {
    const auto wanted =
        std::span(block).first(std::min<std::uint64_t>(size - offset, block.size()));
    const auto n = co_await reader.read(offset, wanted);
    if (n == 0) break;
    const auto hash = [&] { update(std::span(block).first(n)); };
    co_await base::offload(hashing, hash);
    offset += n;
  }
  co_return offset;
}

}  // namespace registry::content
