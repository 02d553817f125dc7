// The ways of the bytes through a session: bodies in, answers out.
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <cerrno>
#include <system_error>

#include "head.hpp"
#include "registry/base/offload.hpp"
#include "session.hpp"

namespace registry::http {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kBodyBufferBytes = 56 * 1024;  // below the buffer's cap
constexpr std::size_t kSendfileSliceBytes = 1024 * 1024;

[[noreturn]] void lost(const beast::error_code& error) {
  throw ConnectionLost(error.message());
}

// What sendfile did on a pool thread. Trivial, as it crosses a co_await.
struct Sent {
  std::uint64_t bytes = 0;
  bool would_block = false;
  int error = 0;
};

// Up to one slice. A client that reads quickly frees the socket's buffer within a moment, and
// waiting here for that moment costs less than two hops between threads.
Sent send_slice(int socket, int file, std::uint64_t offset, std::uint64_t length) {
  constexpr int kMomentMilliseconds = 5;
  auto at = static_cast<off_t>(offset);
  const auto want = std::min<std::uint64_t>(length, kSendfileSliceBytes);
  Sent sent;
  while (sent.bytes < want) {
    const auto n = ::sendfile(socket, file, &at, want - sent.bytes);
    if (n > 0) {
      sent.bytes += static_cast<std::uint64_t>(n);
    } else if (n == 0) {
      sent.error = EIO;  // the file is shorter than it was
      return sent;
    } else if (errno == EAGAIN) {
      pollfd writable{socket, POLLOUT, 0};
      if (::poll(&writable, 1, kMomentMilliseconds) > 0) continue;
      sent.would_block = true;
      return sent;
    } else if (errno != EINTR) {
      sent.error = errno;
      return sent;
    }
  }
  return sent;
}

std::size_t read_block(int file, std::uint64_t offset, std::span<std::byte> out) {
  for (;;) {
    const auto n = ::pread(file, out.data(), out.size(), static_cast<off_t>(offset));
    if (n > 0) return static_cast<std::size_t>(n);
    if (n < 0 && errno == EINTR) continue;
    throw std::system_error(n == 0 ? EIO : errno, std::generic_category(), "cannot read the file");
  }
}

// Of the two descriptors either may be at fault: the client's, or the file's.
[[noreturn]] void fail_to_send(int error) {
  const bool is_clients =
      error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == ETIMEDOUT;
  if (is_clients) throw ConnectionLost(std::generic_category().message(error));
  throw std::system_error(error, std::generic_category(), "cannot send the file");
}

}  // namespace

std::optional<std::uint64_t> Session::content_length() const {
  if (parser_->chunked()) return std::nullopt;
  const auto length = parser_->content_length();
  return length ? *length : 0;  // a body-less POST of curl's has no length at all: 0
}

net::awaitable<void> Session::send_continue() {
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  beast::error_code error;
  stream_.expires_after(server_.options_.silence_timeout);
  co_await net::async_write(stream_, net::buffer(kContinue),
                            net::redirect_error(net::use_awaitable, error));
  if (error) lost(error);
}

net::awaitable<std::size_t> Session::read_body(std::span<std::byte> out) {
  if (std::exchange(expects_continue_, false)) co_await send_continue();
  if (buffer_.capacity() < kBodyBufferBytes) buffer_.reserve(kBodyBufferBytes);
  auto& body = parser_->get().body();
  body.data = out.data();
  body.size = out.size();
  body.more = true;
  while (body.size > 0 && !parser_->is_done()) {
    const auto since = steady_clock::now();
    // Before each operation: the deadline is absolute and stays armed.
    stream_.expires_after(server_.options_.silence_timeout);
    beast::error_code error;
    const auto n = co_await beast::http::async_read_some(
        stream_, buffer_, *parser_, net::redirect_error(net::use_awaitable, error));
    if (error && error != beast::http::error::need_buffer) {
      if (is_malformed(error)) throw MalformedBody("the body is malformed: " + error.message());
      throw ConnectionLost(error.message(), out.size() - body.size);
    }
    check_pace(n, since);
  }
  outcome_.bytes_received += out.size() - body.size;
  co_return out.size() - body.size;
}

// Beast reads the size of a chunk as far as it is one and takes the rest for an extension, whatever
// it is: "0x3" would be the last chunk here, and one of three bytes to another server.
void Session::check_chunks() {
  chunk_header_ = [](std::uint64_t, beast::string_view extensions, beast::error_code& error) {
    const auto first = extensions.find_first_not_of(" \t");
    if (first == beast::string_view::npos || extensions[first] == ';') return;
    error = beast::http::error::bad_chunk_extension;
  };
  parser_->on_chunk_header(chunk_header_);
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

net::awaitable<void> Session::send(Response response) {
  const auto head = start_head(response, response.body().size());
  const bool has_body = !is_head() && response.status() != 204 && response.status() != 304;
  const std::array<net::const_buffer, 2> parts = {
      net::buffer(head), has_body ? net::buffer(response.body()) : net::const_buffer()};
  stream_.expires_after(server_.options_.silence_timeout);
  beast::error_code error;
  const auto n =
      co_await net::async_write(stream_, parts, net::redirect_error(net::use_awaitable, error));
  outcome_.bytes_sent += n > head.size() ? n - head.size() : 0;
  if (error) lost(error);
}

net::awaitable<void> Session::begin_body(Response head, std::uint64_t length) {
  const auto text = start_head(head, length);
  unsent_ = is_head() ? 0 : length;
  // The kernel holds the head back until the body's first bytes follow.
  const auto n = is_head() || length == 0 || stream_.is_tls()
                     ? 0
                     : std::max<ssize_t>(0, ::send(stream_.socket().native_handle(), text.data(),
                                                   text.size(), MSG_MORE | MSG_NOSIGNAL));
  stream_.expires_after(server_.options_.silence_timeout);
  beast::error_code error;
  co_await net::async_write(stream_, net::buffer(text) + static_cast<std::size_t>(n),
                            net::redirect_error(net::use_awaitable, error));
  if (error) lost(error);
}

net::awaitable<void> Session::write(std::span<const std::byte> data) {
  if (is_head()) co_return;
  stream_.expires_after(server_.options_.silence_timeout);
  beast::error_code error;
  const auto n = co_await net::async_write(stream_, net::buffer(data.data(), data.size()),
                                           net::redirect_error(net::use_awaitable, error));
  outcome_.bytes_sent += n;
  unsent_ -= std::min<std::uint64_t>(unsent_, n);
  if (error) lost(error);
}

net::awaitable<void> Session::write_file(int descriptor, std::uint64_t offset,
                                         std::uint64_t length) {
  if (is_head()) co_return;
  if (stream_.is_tls()) {
    co_await write_file_by_blocks(descriptor, offset, length);
  } else {
    co_await write_file_by_kernel(descriptor, offset, length);
  }
}

// TLS has to see the bytes.
net::awaitable<void> Session::write_file_by_blocks(int descriptor, std::uint64_t offset,
                                                   std::uint64_t length) {
  constexpr std::size_t kBlockBytes = 128 * 1024;
  auto paid = co_await server_.memory_.acquire(kBlockBytes);
  base::Buffer buffer(std::move(paid), kBlockBytes);
  while (length > 0) {
    const auto block = buffer.span().first(std::min<std::uint64_t>(length, kBlockBytes));
    const auto read = [&] { return read_block(descriptor, offset, block); };
    const auto n = co_await base::offload(server_.pool_, read);
    const auto since = steady_clock::now();
    co_await write(block.first(n));
    check_pace(n, since);
    offset += n;
    length -= n;
  }
}

net::awaitable<void> Session::write_file_by_kernel(int descriptor, std::uint64_t offset,
                                                   std::uint64_t length) {
  const int socket = stream_.socket().native_handle();
  while (length > 0) {
    const auto slice = [&] { return send_slice(socket, descriptor, offset, length); };
    const Sent sent = co_await base::offload(server_.pool_, slice);
    offset += sent.bytes;
    length -= sent.bytes;
    outcome_.bytes_sent += sent.bytes;
    unsent_ -= sent.bytes;
    moved_ += sent.bytes;
    if (sent.error != 0) fail_to_send(sent.error);
    if (!sent.would_block) continue;
    const auto since = steady_clock::now();
    co_await wait_until_writable();
    check_pace(0, since);
  }
}

net::awaitable<void> Session::wait_until_writable() {
  using namespace net::experimental::awaitable_operators;
  net::steady_timer timer(stream_.get_executor(), server_.options_.silence_timeout);
  const auto first =
      co_await (stream_.socket().async_wait(net::socket_base::wait_write, net::use_awaitable) ||
                timer.async_wait(net::use_awaitable));
  if (first.index() == 1) throw ConnectionLost("the client stopped reading");
}

}  // namespace registry::http
