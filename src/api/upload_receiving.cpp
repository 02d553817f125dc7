// The way of an upload's bytes from the client to the store.
#include <algorithm>

#include "handlers.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/range.hpp"

namespace registry::api {

using oci::ErrorCode;

std::optional<oci::ChunkRange> announced_chunk(const http::Request& request) {
  const auto text = request.header("Content-Range");
  if (text.empty()) return std::nullopt;
  const auto range = oci::parse_chunk_range(text);
  if (range) return range;
  throw oci::Error(ErrorCode::size_invalid, "the Content-Range \"" +
                                                std::string(text.substr(0, 100)) +
                                                "\" is not of the form first-last");
}

namespace {

// A range has no way to say that a chunk is empty: some clients say that it has one byte.
void check_length(const http::Request& request, std::uint64_t received) {
  const auto chunk = announced_chunk(request);
  if (!chunk || chunk->length() == std::max<std::uint64_t>(received, 1)) return;
  throw oci::Error(ErrorCode::size_invalid, "Content-Range announces " +
                                                std::to_string(chunk->length()) +
                                                " bytes, the body has " + std::to_string(received));
}

}  // namespace

// A slow disk stops the reads, so TCP holds the client back. While a client is silent nothing is
// held for it.
net::awaitable<void> UploadHandlers::receive(Exchange& exchange, content::Upload& upload) {
  const auto begin = upload.offset();
  const http::BodySink sink = [&](std::span<const std::byte> data) { upload.append(data); };
  for (;;) {
    const bool more = co_await exchange.wait_for_body();
    if (!more) break;
    co_await exchange.receive(services_.transfers, services_.memory, sink);
  }
  check_length(exchange.request(), upload.offset() - begin);
}

// What went wrong, if anything did: no co_await can stand in a catch, and the caller has to clean
// up.
net::awaitable<std::exception_ptr> UploadHandlers::receive_all(Exchange& exchange,
                                                               content::Upload& upload,
                                                               const oci::Digest& digest) {
  try {
    upload.expect(digest.algorithm());
    co_await receive(exchange, upload);
    co_await upload.commit(digest);
  } catch (...) {
    co_return std::current_exception();
  }
  co_return nullptr;
}

}  // namespace registry::api
