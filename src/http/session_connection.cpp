// The life of a connection around its requests: how it begins, waits, and ends.
#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

#include "registry/base/log.hpp"
#include "session.hpp"
#include "tls_contexts.hpp"

namespace registry::http {
namespace {

using std::chrono::steady_clock;

constexpr char kTlsHandshake = 0x16;  // the first byte of a ClientHello

char first_byte(const beast::flat_buffer& buffer) {
  return *static_cast<const char*>(buffer.data().data());
}

}  // namespace

std::string to_text(const net::generic::stream_protocol::endpoint& endpoint) {
  if (endpoint.protocol().family() == AF_UNIX) return "unix:";
  net::ip::tcp::endpoint tcp;
  if (endpoint.size() > tcp.capacity()) return "unknown:";
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  tcp.resize(endpoint.size());
  auto ip = tcp.address();
  if (ip.is_v6() && ip.to_v6().is_v4_mapped()) {
    ip = net::ip::make_address_v4(net::ip::v4_mapped, ip.to_v6());
  }
  const auto address = ip.to_string();
  const auto port = std::to_string(tcp.port());
  return ip.is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

net::awaitable<void> Session::turn_away(std::shared_ptr<Session> session) {
  try {
    session->begin_request();
    co_await session->refuse(503, "there are too many connections: try again in a moment");
    co_await session->close_slowly();
  } catch (const std::exception&) {
    // It was to be closed anyway.
  }
}

void Session::drain(const std::shared_ptr<Session>& session) {
  net::dispatch(session->stream_.get_executor(), [session] {
    session->closing_ = true;
    if (session->idle_) session->stream_.cancel();
  });
}

void Session::close_if_idle(const std::shared_ptr<Session>& session) {
  net::dispatch(session->stream_.get_executor(), [session] {
    if (!session->idle_) return;
    session->closing_ = true;
    session->stream_.cancel();
  });
}

void Session::stop(const std::shared_ptr<Session>& session) {
  net::dispatch(session->stream_.get_executor(), [session] {
    session->closing_ = true;
    // Not close(): a pool thread may be in sendfile on this very descriptor number.
    beast::error_code ignored;
    session->stream_.socket().shutdown(net::socket_base::shutdown_both, ignored);
  });
}

// False: the connection ends. A TLS client on this port wants its answer at once (CLIENTS.md 1).
net::awaitable<bool> Session::wait_for_request() {
  const bool awake = co_await read_first_bytes();
  if (!awake) co_return false;
  pass_over_empty_line();
  const bool begun = co_await read_first_bytes();
  if (!begun) co_return false;
  if (server_.tls_ || first_byte(buffer_) != kTlsHandshake) co_return true;
  base::log::debug("TLS client on a plain HTTP port", {{"peer", request_.peer}});
  co_await send_and_close(
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Connection: close\r\n\r\n400 Bad Request");
  co_return false;
}

// Where there are none yet. False: none come.
net::awaitable<bool> Session::read_first_bytes() {
  if (buffer_.size() > 0) co_return true;
  forget_long_head();
  idle_ = true;
  idle_since_.store(steady_clock::now(), std::memory_order_relaxed);
  expires_after(server_.options_.idle_timeout);
  const auto error = co_await read_more();
  set_busy();
  co_return !error;
}

// An idle connection keeps nothing of what was large.
void Session::forget_long_head() {
  constexpr std::size_t kUsualTargetBytes = 1024, kUsualLines = 32;
  if (buffer_.capacity() > kIdleReadBytes) buffer_.shrink_to_fit();
  const bool is_long = request_.raw_target.capacity() > kUsualTargetBytes ||
                       request_.headers.capacity() > kUsualLines || head_is_long_;
  if (!is_long) return;
  auto peer = std::move(request_.peer);
  request_ = {};
  request_.peer = std::move(peer);
  head_is_long_ = false;
}

// Behind what is in the buffer.
net::awaitable<beast::error_code> Session::read_more() {
  beast::error_code error;
  const auto n = co_await stream_.async_read_some(buffer_.prepare(kIdleReadBytes),
                                                  net::redirect_error(net::use_awaitable, error));
  buffer_.commit(n);
  co_return error;
}

// The deadline of every wait for the client from here on, until the next.
void Session::expires_after(std::chrono::seconds timeout) {
  deadline_.store(steady_clock::now() + timeout, std::memory_order_relaxed);
}

void Session::give_up_waiting(const std::shared_ptr<Session>& session) {
  net::dispatch(session->stream_.get_executor(), [session] {
    // It may have gone on meanwhile. Where it waits for a thread and not for the client, there is
    // nothing to be cancelled.
    if (session->is_overdue(steady_clock::now())) session->stream_.cancel();
  });
}

// False: the connection ends. A client that speaks plain HTTP is told so, as by 2.8.
net::awaitable<bool> Session::start_tls() {
  const bool awake = co_await read_first_bytes();
  if (!awake) co_return false;
  if (first_byte(buffer_) != kTlsHandshake) {
    base::log::debug("plain HTTP on a TLS port", {{"peer", request_.peer}});
    co_await send_and_close(
        "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
    co_return false;
  }
  auto& tls = stream_.start_tls(server_.tls_->current());
  expires_after(server_.options_.head_timeout);
  beast::error_code error;
  const auto used = co_await tls.async_handshake(net::ssl::stream_base::server, buffer_.data(),
                                                 net::redirect_error(net::use_awaitable, error));
  if (error || used != buffer_.size()) {
    base::log::debug("no TLS handshake", {{"peer", request_.peer}, {"err", error.message()}});
    co_return false;
  }
  buffer_.consume(used);
  co_return true;
}

net::awaitable<void> Session::send_and_close(std::string_view text) {
  expires_after(server_.options_.silence_timeout);
  beast::error_code ignored;
  co_await net::async_write(stream_, net::buffer(text),
                            net::redirect_error(net::use_awaitable, ignored));
  co_await close_slowly();
}

// Closing with unread bytes would reset the connection, and the client might lose the answer that
// tells it what was wrong: so first say that nothing more comes, then read on for a while. Who
// asked for the end of the connection sends nothing more.
net::awaitable<void> Session::close_slowly() {
  constexpr std::chrono::seconds kSilence{5}, kInAll{30};
  const bool is_agreed =
      head_sent_ && is_understood_ && !keeps_alive_ && body_.is_done() && buffer_.size() == 0;
  if (is_agreed && !stream_.is_tls()) co_return;
  idle_ = true;  // whoever drains the server does not wait for this
  beast::error_code error;
  if (stream_.is_tls()) {
    // Fails where the client still sends: what comes is read below, as it is.
    expires_after(kSilence);
    co_await stream_.tls().async_shutdown(net::redirect_error(net::use_awaitable, error));
  }
  stream_.socket().shutdown(net::socket_base::shutdown_send, error);
  const auto end = steady_clock::now() + kInAll;
  std::array<std::byte, 4096> discarded;
  while (!error && steady_clock::now() < end) {
    expires_after(kSilence);
    co_await stream_.socket().async_read_some(net::buffer(discarded),
                                              net::redirect_error(net::use_awaitable, error));
  }
}

}  // namespace registry::http
