// The way of a request's body through a session.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "registry/base/offload.hpp"
#include "session.hpp"

namespace registry::http {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kBlockBytes = 256 * 1024;
// Then others have their turn on the thread.
constexpr std::uint64_t kTurnBytes = 8 * 1024 * 1024;
// Of a client that brings this much at a time, the next bytes come within a moment, and waiting
// for them here costs less than two hops between threads. Whoever trickles holds no thread.
constexpr std::size_t kQuickBytes = 64 * 1024;
constexpr int kMomentMilliseconds = 2;
// For which a block is held for the rest of a TLS record.
constexpr std::chrono::seconds kPartOfRecord{1};
// Of requests that were sent behind a body without waiting for its answer.
constexpr std::size_t kMaxPipelinedBytes = 16 * 1024;

// Freed when the thread ends, as pool threads do that have nothing to do.
std::span<std::byte> block_of_this_thread() {
  thread_local const auto block = std::make_unique_for_overwrite<std::byte[]>(kBlockBytes);
  return {block.get(), kBlockBytes};
}

// As much as the socket has; nullopt: nothing at the moment. Throws ConnectionLost.
std::optional<std::size_t> receive_now(int socket, std::span<std::byte> out) {
  for (;;) {
    const auto n = ::recv(socket, out.data(), out.size(), MSG_DONTWAIT);
    if (n > 0) return static_cast<std::size_t>(n);
    if (n == 0) throw ConnectionLost("the client closed the connection in the middle of a body");
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) throw ConnectionLost(std::generic_category().message(errno));
  }
}

bool comes_in_a_moment(int socket) {
  pollfd readable{socket, POLLIN, 0};
  return ::poll(&readable, 1, kMomentMilliseconds) > 0;
}

std::span<const std::byte> bytes_of(const beast::flat_buffer& buffer) {
  const auto data = buffer.data();
  return {static_cast<const std::byte*>(data.data()), data.size()};
}

}  // namespace

std::optional<std::uint64_t> Session::content_length() const {
  return announced_;
}

net::awaitable<void> Session::send_continue() {
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const Parts parts = {net::buffer(kContinue), net::const_buffer()};
  const Written written = co_await transmit(parts);
  if (written.error) throw ConnectionLost(written.error.message());
}

// More of the body, into the session's own buffer. False: the client was silent for so long.
net::awaitable<bool> Session::fill_buffer(std::chrono::seconds patience) {
  if (std::exchange(expects_continue_, false)) co_await send_continue();
  const auto since = steady_clock::now();
  const auto most = server_.options_.silence_timeout - silent_;
  expires_after(std::min(patience, most));
  const auto error = co_await read_more();
  const bool is_over = error == net::error::operation_aborted && is_overdue(steady_clock::now());
  const bool is_silent = is_over && patience < most;
  silent_ = is_silent ? silent_ + patience : std::chrono::seconds(0);
  if (error && !is_silent) throw ConnectionLost(error.message());
  check_pace(0, since);
  co_return !is_silent;
}

net::awaitable<std::size_t> Session::read_body(std::span<std::byte> out) {
  std::size_t filled = 0;
  while (filled < out.size() && !body_.is_done()) {
    if (buffer_.size() == 0) co_await fill_buffer(server_.options_.silence_timeout);
    const auto raw = bytes_of(buffer_);
    // No more than there is room for: what is cut off of it is gone.
    auto some = raw.first(std::min(raw.size(), out.size() - filled));
    const auto offered = some.size();
    const auto data = body_.next(some);
    if (!data.empty()) std::memcpy(out.data() + filled, data.data(), data.size());
    filled += data.size();
    moved_ += data.size();
    buffer_.consume(offered - some.size());
  }
  outcome_.bytes_received += filled;
  co_return filled;
}

net::awaitable<bool> Session::wait_for_body() {
  if (body_.is_done()) co_return false;
  if (buffer_.size() == 0) co_await fill_buffer(server_.options_.silence_timeout);
  co_return true;
}

net::awaitable<bool> Session::is_silent_for(std::chrono::seconds patience) {
  if (body_.is_done() || buffer_.size() > 0) co_return false;
  const bool comes = co_await fill_buffer(patience);
  co_return !comes;
}

net::awaitable<void> Session::receive(base::Pool& pool, base::ByteBudget& memory,
                                      const BodySink& sink) {
  if (std::exchange(expects_continue_, false)) co_await send_continue();
  if (stream_.is_tls()) {
    co_await receive_from_tls(pool, memory, sink);
  } else {
    const auto turn = [&] { receive_turn(sink); };
    co_await base::offload(pool, turn);
  }
}

// On a pool thread, with the socket and the session's buffer to itself meanwhile.
void Session::receive_turn(const BodySink& sink) {
  const int socket = stream_.socket().native_handle();
  const auto begun_with = outcome_.bytes_received;
  deliver_buffered(sink);
  std::size_t since_pause = 0;
  while (!body_.is_done() && outcome_.bytes_received - begun_with < kTurnBytes) {
    const auto block = block_of_this_thread();
    const auto most = body_.remaining().value_or(block.size());
    const auto n = receive_now(socket, block.first(std::min<std::uint64_t>(block.size(), most)));
    if (n) {
      deliver(block.first(*n), sink);
      since_pause += *n;
      continue;
    }
    if (since_pause < kQuickBytes || !comes_in_a_moment(socket)) break;
    since_pause = 0;
  }
}

net::awaitable<void> Session::receive_from_tls(base::Pool& pool, base::ByteBudget& memory,
                                               const BodySink& sink) {
  auto paid = co_await memory.acquire(kBlockBytes);
  base::Buffer buffer(std::move(paid), kBlockBytes);
  const auto begun_with = outcome_.bytes_received;
  const auto buffered = [&] { deliver_buffered(sink); };
  co_await base::offload(pool, buffered);
  while (!body_.is_done() && outcome_.bytes_received - begun_with < kTurnBytes) {
    if (stream_.socket().available() == 0) co_return;
    const auto n = co_await read_raw(buffer.span());
    if (n == 0) co_return;
    const auto take = [&] { deliver(buffer.span().first(n), sink); };
    co_await base::offload(pool, take);
  }
}

// What TLS has brought in, as long as it comes, at most a block. Nothing, where only a part of a
// record is there: the rest may be minutes away, and `wait_for_body` waits for it without a block.
net::awaitable<std::size_t> Session::read_raw(std::span<std::byte> block) {
  block =
      block.first(std::min<std::uint64_t>(block.size(), body_.remaining().value_or(block.size())));
  std::size_t filled = 0;
  while (filled < block.size()) {
    const auto since = steady_clock::now();
    expires_after(std::min(kPartOfRecord, server_.options_.silence_timeout));
    beast::error_code error;
    const auto rest = block.subspan(filled);
    filled += co_await stream_.async_read_some(net::buffer(rest.data(), rest.size()),
                                               net::redirect_error(net::use_awaitable, error));
    check_pace(0, since);
    if (error == net::error::operation_aborted) break;  // the deadline
    if (error) throw ConnectionLost(error.message());
    if (stream_.socket().available() == 0) break;
  }
  co_return filled;
}

void Session::take(std::span<const std::byte> data, const BodySink& sink) {
  outcome_.bytes_received += data.size();
  moved_ += data.size();
  sink(data);
}

// What was decoded is gone from the buffer before the sink sees it, and may throw: left there it
// would be taken for the next request. Its memory stays as it is until more is read.
void Session::deliver_buffered(const BodySink& sink) {
  if (body_.is_done()) return;
  while (buffer_.size() > 0 && !body_.is_done()) {
    auto rest = bytes_of(buffer_);
    const auto data = body_.next(rest);
    buffer_.consume(buffer_.size() - rest.size());
    if (!data.empty()) take(data, sink);
  }
  if (body_.is_done()) sink({});
}

// Of a body that is not done. What follows it belongs to the next request, and is kept before the
// sink hears of the end, and may throw.
void Session::deliver(std::span<const std::byte> raw, const BodySink& sink) {
  for (auto data = body_.next(raw); !data.empty(); data = body_.next(raw)) take(data, sink);
  has_excess_ = raw.size() > kMaxPipelinedBytes;
  if (!raw.empty() && !has_excess_) {  // else the connection ends with this answer
    const auto room = buffer_.prepare(raw.size());
    std::memcpy(room.data(), raw.data(), raw.size());
    buffer_.commit(raw.size());
  }
  if (body_.is_done()) sink({});
}

// A peer that trickles must not hold a connection for ever, one that stalls for minutes may.
void Session::check_pace(std::uint64_t bytes, steady_clock::time_point since) {
  waited_ += steady_clock::now() - since;
  moved_ += bytes;
  const auto& options = server_.options_;
  const auto allowed =
      options.slow_body_credit + std::chrono::seconds(moved_ / options.min_body_bytes_per_second);
  if (waited_ > allowed) throw ConnectionLost("the client is too slow");
}

}  // namespace registry::http
