// The way of an upload's bytes from the client to the store.
#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

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

// One block, used as two halves: one is stored while the socket fills the other.
constexpr std::size_t kBlockBytes = 256 * 1024;

// A range has no way to say that a chunk is empty: some clients say that it has one byte.
void check_length(const http::Request& request, std::uint64_t received) {
  const auto chunk = announced_chunk(request);
  if (!chunk || chunk->length() == std::max<std::uint64_t>(received, 1)) return;
  throw oci::Error(ErrorCode::size_invalid, "Content-Range announces " +
                                                std::to_string(chunk->length()) +
                                                " bytes, the body has " + std::to_string(received));
}

// What came of a half of the block. These two end without a throw: a throw of one would have `&&`
// cancel the other in the middle, and a disk that is full would look like a client that is gone.
struct Received {
  std::size_t bytes = 0;
  std::exception_ptr failure;
};

net::awaitable<Received> fill(Exchange& exchange, std::span<std::byte> half) {
  Received received;
  try {
    received.bytes = co_await exchange.read_body(half);
  } catch (const http::ConnectionLost& lost) {
    received.bytes = lost.received();
    received.failure = std::current_exception();
  } catch (...) {
    received.failure = std::current_exception();
  }
  co_return received;
}

net::awaitable<std::exception_ptr> store(content::Upload& upload, std::span<std::byte> half) {
  try {
    co_await upload.append(half);
  } catch (...) {
    co_return std::current_exception();
  }
  co_return nullptr;
}

}  // namespace

// Hashes and stores while receiving. A slow disk stops the reads, so TCP holds the client back.
net::awaitable<void> UploadHandlers::receive(Exchange& exchange, content::Upload& upload) {
  using namespace net::experimental::awaitable_operators;
  if (exchange.content_length() == 0) {
    check_length(exchange.request(), 0);
    co_return;
  }
  const auto begin = upload.offset();
  auto paid = co_await services_.memory.acquire(kBlockBytes);
  base::Buffer buffer(std::move(paid), kBlockBytes);
  auto full = buffer.span().first(kBlockBytes / 2);
  auto filling = buffer.span().last(kBlockBytes / 2);
  Received received = co_await fill(exchange, full);
  while (received.bytes > 0 && !received.failure) {
    const auto [failure, next] =
        co_await (store(upload, full.first(received.bytes)) && fill(exchange, filling));
    if (failure) std::rethrow_exception(failure);
    std::swap(full, filling);
    received = next;
  }
  if (received.bytes > 0) co_await upload.append(full.first(received.bytes));
  if (received.failure) std::rethrow_exception(received.failure);
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
