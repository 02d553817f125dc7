#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "registry/base/pool.hpp"
#include "registry/http/exchange.hpp"

namespace registry::http {

// Go's clients close idle connections after 90 s and push with stalls of minutes (CLIENTS.md).
struct ServerOptions {
  std::chrono::seconds idle_timeout{180};     // between two requests
  std::chrono::seconds head_timeout{30};      // from the first byte of a head to its last
  std::chrono::seconds silence_timeout{300};  // of a body, either way
  // Over the long run a body must bring this much: the time it may take in all is the credit plus
  // its bytes at that rate.
  std::chrono::seconds slow_body_credit{900};
  std::uint64_t min_body_bytes_per_second = 1024;
  std::size_t max_connections = 8192;
};

class Session;

// Listens, runs a session for each connection, ends them all in good order. Thread-safe; outlives
// the io_context's run.
class Server {
 public:
  Server(net::io_context& io, base::Pool& pool, Handler& handler, ServerOptions options);
  ~Server();

  // "host:port", ":port" (all interfaces, IPv6 and IPv4), port 0: any that is free. Throws
  // std::system_error. Returns what it listens on as "address:port".
  std::vector<std::string> listen(const std::string& address);

  // Takes no more connections, lets the requests under way end for at most `timeout`, then cuts
  // what is left. The caller stops the io_context next.
  net::awaitable<void> drain(std::chrono::seconds timeout);

 private:
  friend class Session;
  struct Sessions;

  net::awaitable<void> accept(net::ip::tcp::acceptor& acceptor);
  void start_session(net::ip::tcp::socket socket);
  void warn_of_limit();
  std::string open_acceptor(const net::ip::tcp::endpoint& endpoint);

  net::io_context& io_;
  base::Pool& pool_;
  Handler& handler_;
  const ServerOptions options_;
  std::vector<std::unique_ptr<net::ip::tcp::acceptor>> acceptors_;
  std::shared_ptr<Sessions> sessions_;
  std::atomic<std::chrono::steady_clock::time_point> next_warning_{};
};

}  // namespace registry::http
