// The way of an answer through a session.
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <system_error>

#include "registry/base/offload.hpp"
#include "session.hpp"

namespace registry::http {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kSendfileSliceBytes = 1024 * 1024;  // in one system call
// Then others have their turn on the thread.
constexpr std::uint64_t kTurnBytes = 16 * 1024 * 1024;

// What sendfile did on a pool thread. Trivial, as it crosses a co_await.
struct Sent {
  std::uint64_t bytes = 0;
  bool would_block = false;
  int error = 0;
};

// Up to one turn. A client that reads quickly frees the socket's buffer within a moment, and
// waiting here for that moment costs less than two hops between threads.
Sent send_turn(int socket, int file, std::uint64_t offset, std::uint64_t length) {
  constexpr int kMomentMilliseconds = 5;
  constexpr std::uint64_t kQuickBytes = 64 * 1024;  // whoever takes less at a time holds no thread
  std::uint64_t since_pause = 0;
  auto at = static_cast<off_t>(offset);
  const auto want = std::min<std::uint64_t>(length, kTurnBytes);
  Sent sent;
  while (sent.bytes < want) {
    const auto n = ::sendfile(socket, file, &at,
                              std::min<std::uint64_t>(want - sent.bytes, kSendfileSliceBytes));
    if (n > 0) {
      sent.bytes += static_cast<std::uint64_t>(n);
      since_pause += static_cast<std::uint64_t>(n);
    } else if (n == 0) {
      sent.error = EIO;  // the file is shorter than it was
      return sent;
    } else if (errno == EAGAIN) {
      pollfd writable{socket, POLLOUT, 0};
      const bool is_quick = since_pause >= kQuickBytes;
      since_pause = 0;
      if (is_quick && ::poll(&writable, 1, kMomentMilliseconds) > 0) continue;
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

// What the socket takes at once, which is mostly all of it. 0: nothing at the moment, or it is for
// the slow way to find out why.
std::size_t send_now(int socket, std::span<const net::const_buffer> parts, int flags) {
  std::array<iovec, 2> vectors{};
  msghdr message{};
  message.msg_iov = vectors.data();
  for (const auto& part : parts) {
    if (part.size() == 0) continue;
    vectors.at(message.msg_iovlen++) = {const_cast<void*>(part.data()), part.size()};
  }
  const auto n = ::sendmsg(socket, &message, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

}  // namespace

net::awaitable<Session::Written> Session::transmit(Parts parts, int flags) {
  Written written;
  const auto size = parts[0].size() + parts[1].size();
  if (!stream_.is_tls()) {
    written.bytes = send_now(stream_.socket().native_handle(), parts, flags);
    if (written.bytes == size) co_return written;
  }
  auto left = written.bytes;
  for (auto& part : parts) {
    const auto sent = std::min(left, part.size());
    part += sent;
    left -= sent;
  }
  expires_after(server_.options_.silence_timeout);
  written.bytes += co_await net::async_write(
      stream_, parts, net::redirect_error(net::use_awaitable, written.error));
  co_return written;
}

net::awaitable<void> Session::send(Response response) {
  const auto head = start_head(response, response.body().size());
  const bool has_body = !is_head() && response.status() != 204 && response.status() != 304;
  const Parts parts = {net::buffer(head),
                       has_body ? net::buffer(response.body()) : net::const_buffer()};
  const Written written = co_await transmit(parts);
  outcome_.bytes_sent += written.bytes > head.size() ? written.bytes - head.size() : 0;
  if (written.error) throw ConnectionLost(written.error.message());
}

net::awaitable<void> Session::begin_body(Response head, std::uint64_t length) {
  const auto text = start_head(head, length);
  unsent_ = is_head() ? 0 : length;
  // The kernel holds the head back until the body's first bytes follow.
  const int flags = unsent_ > 0 ? MSG_MORE : 0;
  const Parts parts = {net::buffer(text), net::const_buffer()};
  const Written written = co_await transmit(parts, flags);
  if (written.error) throw ConnectionLost(written.error.message());
}

net::awaitable<void> Session::write(std::span<const std::byte> data) {
  if (is_head()) co_return;
  const Parts parts = {net::buffer(data.data(), data.size()), net::const_buffer()};
  const Written written = co_await transmit(parts);
  outcome_.bytes_sent += written.bytes;
  unsent_ -= std::min<std::uint64_t>(unsent_, written.bytes);
  if (written.error) throw ConnectionLost(written.error.message());
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

// TLS has to see the bytes. No block is held for a client that does not take them.
net::awaitable<void> Session::write_file_by_blocks(int descriptor, std::uint64_t offset,
                                                   std::uint64_t length) {
  constexpr std::size_t kBlockBytes = 128 * 1024;
  while (length > 0) {
    const auto since = steady_clock::now();
    co_await wait_until_writable();
    check_pace(0, since);
    auto paid = co_await server_.memory_.acquire(kBlockBytes);
    base::Buffer buffer(std::move(paid), kBlockBytes);
    const auto block = buffer.span().first(std::min<std::uint64_t>(length, kBlockBytes));
    const auto read = [&] { return read_block(descriptor, offset, block); };
    const auto n = co_await base::offload(server_.pool_, read);
    const auto sending = steady_clock::now();
    co_await write(block.first(n));
    check_pace(n, sending);
    offset += n;
    length -= n;
  }
}

net::awaitable<void> Session::write_file_by_kernel(int descriptor, std::uint64_t offset,
                                                   std::uint64_t length) {
  const int socket = stream_.socket().native_handle();
  while (length > 0) {
    const auto turn = [&] { return send_turn(socket, descriptor, offset, length); };
    const Sent sent = co_await base::offload(server_.pool_, turn);
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
  expires_after(server_.options_.silence_timeout);
  beast::error_code error;
  co_await stream_.socket().async_wait(net::socket_base::wait_write,
                                       net::redirect_error(net::use_awaitable, error));
  if (error) throw ConnectionLost("the client stopped reading");
}

}  // namespace registry::http
