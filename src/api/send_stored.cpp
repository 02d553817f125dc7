#include <algorithm>

#include "handlers.hpp"
#include "registry/base/offload.hpp"
#include "registry/base/uuid.hpp"

namespace registry::api {
namespace {
constexpr std::size_t kBlockBytes = 256 * 1024;
}

net::awaitable<void> write_stored(Exchange& exchange, storage::BlobReader& stored,
                                  const oci::ByteRange& range, const Services& services) {
  if (exchange.request().method == "HEAD") co_return;
  if (const auto descriptor = stored.descriptor()) {
    co_await exchange.write_file(*descriptor, range.offset, range.length);
    co_return;
  }
  auto paid = co_await services.memory.acquire(kBlockBytes);
  base::Buffer buffer(std::move(paid), kBlockBytes);
  for (std::uint64_t sent = 0; sent < range.length;) {
    const auto wanted = std::min<std::uint64_t>(range.length - sent, kBlockBytes);
    const auto read = [&] { return stored.read(range.offset + sent, buffer.span().first(wanted)); };
    const auto n = co_await base::offload(services.io, read);
    if (n == 0) throw std::runtime_error("a stored file is shorter than it was");
    co_await exchange.write(buffer.span().first(n));
    sent += n;
  }
}

net::awaitable<void> send_stored(Exchange& exchange, http::Response head,
                                 storage::BlobReader& stored, const oci::ByteRange& range,
                                 const Services& services) {
  co_await exchange.begin_body(std::move(head), range.length);
  co_await write_stored(exchange, stored, range, services);
}

std::string content_range(const oci::ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.offset) + '-' +
         std::to_string(range.offset + range.length - 1) + '/' + std::to_string(size);
}

net::awaitable<void> send_parts(Exchange& exchange, http::Response head,
                                storage::BlobReader& stored,
                                const std::vector<oci::ByteRange>& parts,
                                const Services& services) {
  const auto boundary = base::make_uuid();
  const auto begin_of = [&](const oci::ByteRange& part) {
    return "\r\n--" + boundary + "\r\nContent-Type: application/octet-stream\r\nContent-Range: " +
           content_range(part, stored.size()) + "\r\n\r\n";
  };
  const auto end = "\r\n--" + boundary + "--\r\n";
  auto length = static_cast<std::uint64_t>(end.size());
  for (const auto& part : parts) length += begin_of(part).size() + part.length;
  head.add("Content-Type", "multipart/byteranges; boundary=" + boundary);
  co_await exchange.begin_body(std::move(head), length);
  for (const auto& part : parts) {
    const auto begin = begin_of(part);
    co_await exchange.write(std::as_bytes(std::span(begin)));
    co_await write_stored(exchange, stored, part, services);
  }
  co_await exchange.write(std::as_bytes(std::span(end)));
}

}  // namespace registry::api
