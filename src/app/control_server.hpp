#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <stop_token>
#include <string>

#include "control.hpp"
#include "registry/base/pool.hpp"

namespace registry::app::control {

// The daemon's end of the socket. Used by the event loop; what it is given outlives the loop.
class Server {
 public:
  // What a request asks for, and the one that asks.
  struct Asked {
    const std::string& request;
    const Say& say;               // never blocks
    const std::stop_token& gone;  // nobody listens any more
  };
  // Does it and returns the exit code. Runs on the pool.
  using Handler = std::function<int(const Asked& asked)>;

  // Replaces a socket that an earlier process has left: whoever listens holds the store's lock.
  static constexpr std::size_t kMaxAtOnce = 4;
  Server(boost::asio::io_context& context, base::Pool& pool, const base::Path& root,
         Handler handler);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

 private:
  using Socket = boost::asio::local::stream_protocol::socket;

  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<std::string> read_request(Socket& socket);
  boost::asio::awaitable<void> serve(Socket socket);

  boost::asio::io_context& context_;
  base::Pool& pool_;
  const base::Path path_;
  const Handler handler_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  std::atomic<std::size_t> served_ = 0;  // at this moment
};

}  // namespace registry::app::control
