#include <algorithm>

#include "handlers.hpp"

namespace registry::api {

net::awaitable<void> send_stored(Exchange& exchange, http::Response head,
                                 storage::BlobReader& stored, const oci::ByteRange& range,
                                 base::ByteBudget& memory) {
  constexpr std::size_t kBlockBytes = 256 * 1024;
  if (const auto descriptor = stored.descriptor()) {
    co_await exchange.send_file(std::move(head), *descriptor, range.offset, range.length);
    co_return;
  }
  co_await exchange.begin_body(std::move(head), range.length);
  if (exchange.request().method == "HEAD") co_return;
  auto paid = co_await memory.acquire(kBlockBytes);
  base::Buffer buffer(std::move(paid), kBlockBytes);
  for (std::uint64_t sent = 0; sent < range.length;) {
    const auto wanted = std::min<std::uint64_t>(range.length - sent, kBlockBytes);
    const auto n = co_await stored.read(range.offset + sent, buffer.span().first(wanted));
    if (n == 0) throw std::runtime_error("a stored file is shorter than it was");
    co_await exchange.write(buffer.span().first(n));
    sent += n;
  }
}

}  // namespace registry::api
