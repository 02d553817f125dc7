#include "hashing.hpp"

#include <algorithm>
#include <vector>

namespace registry::content {

std::uint64_t hash_stored(storage::BlobReader& reader, std::uint64_t size,
                          const std::function<void(std::span<const std::byte>)>& update) {
  std::vector<std::byte> block(std::size_t{256} * 1024);
  std::uint64_t offset = 0;
  while (offset < size) {
    const auto wanted =
        std::span(block).first(std::min<std::uint64_t>(size - offset, block.size()));
    const auto n = reader.read(offset, wanted);
    if (n == 0) break;
    update(wanted.first(n));
    offset += n;
  }
  return offset;
}

}  // namespace registry::content
