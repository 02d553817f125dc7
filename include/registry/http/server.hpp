#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/base/budget.hpp"
#include "registry/base/pool.hpp"
#include "registry/http/exchange.hpp"
#include "registry/http/tls.hpp"

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
  std::optional<TlsOptions> tls;  // nullopt: plain HTTP
};

class Session;
class TlsContexts;

// Listens, runs a session for each connection, ends them all in good order. Thread-safe; outlives
// the io_context's run.
class Server {
 public:
  // `memory`: of what TLS sends; nobody who pushes waits for those who pull. Throws
  // std::runtime_error where the files of TLS cannot be used.
  Server(net::io_context& io, base::Pool& pool, base::ByteBudget& memory, Handler& handler,
         ServerOptions options);
  ~Server();

  // "host:port", ":port" (all interfaces, IPv6 and IPv4), port 0: any that is free. Throws
  // std::system_error. Returns what it listens on as "address:port".
  std::vector<std::string> listen(const std::string& address);
  // On a unix socket, whose file is removed at the end. Takes the place of one that nobody listens
  // on any longer.
  void listen_unix(const std::string& path);

  // Takes no more connections, lets the requests under way end for at most `timeout`, then cuts
  // what is left. The caller stops the io_context next.
  net::awaitable<void> drain(std::chrono::seconds timeout);

 private:
  friend class Session;
  struct Sessions;

  using Protocol = net::generic::stream_protocol;
  using Acceptor = net::basic_socket_acceptor<Protocol>;

  net::awaitable<void> accept(Acceptor& acceptor);
  net::awaitable<void> watch_deadlines();
  void start_session(Protocol::socket socket, const Protocol::endpoint& peer);
  void warn_of_limit();
  Acceptor& open_acceptor(const Protocol::endpoint& endpoint, const std::string& name);
  std::string open_tcp(const net::ip::tcp::endpoint& endpoint);

  net::io_context& io_;
  base::Pool& pool_;
  base::ByteBudget& memory_;
  Handler& handler_;
  const ServerOptions options_;
  const std::unique_ptr<TlsContexts> tls_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<std::string> unix_paths_;
  std::shared_ptr<Sessions> sessions_;
  std::atomic<std::chrono::steady_clock::time_point> next_warning_{};
};

}  // namespace registry::http
