#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>

namespace registry::http {

namespace net = boost::asio;
namespace beast = boost::beast;

// The bytes of a connection: TCP or a unix socket, plain or under TLS. The choice is made while it
// runs, so that the session around it is compiled once. Used on the strand of the socket.
class Stream {
 public:
  using Socket = net::generic::stream_protocol::socket;
  using Tls = net::ssl::stream<Socket&>;
  using executor_type = Socket::executor_type;

  explicit Stream(Socket socket) : socket_(std::move(socket)) {}

  // From here on all goes through TLS, once the caller has shaken hands on it.
  Tls& start_tls(std::shared_ptr<net::ssl::context> context) {
    context_ = std::move(context);
    return tls_.emplace(socket_, *context_);
  }
  bool is_tls() const { return tls_.has_value(); }
  Tls& tls() { return *tls_; }

  Socket& socket() { return socket_; }
  executor_type get_executor() { return socket_.get_executor(); }
  void cancel() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }

  // What Asio and Beast want of a stream.
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Token>(token));
    return socket_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Token>(token));
    return socket_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  Socket socket_;
  std::shared_ptr<net::ssl::context> context_;  // outlives what stands on it
  std::optional<Tls> tls_;
};

}  // namespace registry::http
