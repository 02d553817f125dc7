#include "connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/strand.hpp>

#include "fuzzer.hpp"
#include "http/session.hpp"
#include "registry/base/fd.hpp"

namespace registry::fuzz {
namespace {

namespace net = http::net;
using Socket = http::Stream::Socket;

// A session at one end; the client is the other.
class Connection {
 public:
  Connection() : server_(io_, pool_, memory_, recorder_, {}) {
    int ends[2] = {-1, -1};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0,
            "there are sockets");
    client_ = base::Fd(ends[0]);
    Socket socket(net::make_strand(io_));
    socket.assign(net::generic::stream_protocol(AF_UNIX, 0), ends[1]);
    const auto executor = socket.get_executor();
    auto session = std::make_shared<http::Session>(server_, std::move(socket),
                                                   net::local::stream_protocol::endpoint());
    net::co_spawn(executor, http::Session::run(std::move(session)),
                  [this](const std::exception_ptr& failure) {
                    require(failure == nullptr, "a session throws nothing");
                    has_ended_ = true;
                  });
  }

  bool has_ended() const { return has_ended_; }

  // Takes less where the session does not read.
  std::size_t send(std::string_view bytes) {
    const auto n = ::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return n < 0 ? 0 : static_cast<std::size_t>(n);
  }
  void finish_sending() { ::shutdown(client_.get(), SHUT_WR); }

  // Lets the session do what it can without more input.
  void step() {
    io_.restart();
    io_.poll();
    char block[16 * 1024];
    for (ssize_t n = 1; n > 0;) {
      n = ::recv(client_.get(), block, sizeof block, 0);
      if (n > 0) output_.append(block, static_cast<std::size_t>(n));
    }
  }

  Conversation take() { return {recorder_.seen(), recorder_.told(), std::move(output_)}; }

 private:
  net::io_context io_{1};
  base::Pool pool_{"none", 1};
  base::ByteBudget memory_{std::size_t{1} << 20};
  Recorder recorder_;
  http::Server server_;
  base::Fd client_;
  std::string output_;
  bool has_ended_ = false;
};

}  // namespace

Conversation converse(std::string_view input, std::size_t piece) {
  constexpr int kPatience = 1000;  // of steps in which nothing more can come
  Connection connection;
  int idle = 0;
  while (!input.empty() && !connection.has_ended()) {
    const auto n = connection.send(input.substr(0, piece));
    input.remove_prefix(n);
    connection.step();
    idle = n == 0 ? idle + 1 : 0;
    require(idle < kPatience, "a session goes on reading, or ends");
  }
  connection.finish_sending();
  for (idle = 0; !connection.has_ended(); ++idle) {
    require(idle < kPatience, "a session ends when its client has");
    connection.step();
  }
  connection.step();
  return connection.take();
}

}  // namespace registry::fuzz
