#include "control_server.hpp"

#include <sys/stat.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <mutex>

#include "registry/base/log.hpp"

namespace registry::app::control {
namespace net = boost::asio;

namespace {

constexpr std::chrono::seconds kPatience{10};  // with whoever does not say what it wants
constexpr std::chrono::milliseconds kPause{50};

// What was said and not sent yet. The work does not wait for whoever listens, who may be slow or
// gone: it may hold locks that pushes wait for.
class Said {
 public:
  void add(char kind, const std::string& line) {
    constexpr std::size_t kMostBytes = std::size_t{8} << 20;
    const std::scoped_lock lock(mutex_);
    if (text_.size() + line.size() > kMostBytes) {
      ++left_out_;
      return;
    }
    // A text of several lines is one, as each needs its letter.
    (text_ += kind) += line;
    for (auto at = text_.size() - line.size(); (at = text_.find('\n', at)) != std::string::npos;) {
      text_.insert(++at, 1, kind);
    }
    text_ += '\n';
  }
  void end(int code) {
    const std::scoped_lock lock(mutex_);
    if (left_out_ > 0) {
      text_ += "o(" + std::to_string(left_out_) + " lines were left out: nobody read them)\n";
    }
    text_ += 'x' + std::to_string(code) + '\n';
    has_ended_ = true;
  }
  std::string take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(text_, {});
  }
  // Who asked has gone.
  void abandon() { abandoned_.request_stop(); }
  std::stop_token abandoned() const { return abandoned_.get_token(); }
  // And all was taken.
  bool has_ended() const {
    const std::scoped_lock lock(mutex_);
    return has_ended_ && text_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
  std::size_t left_out_ = 0;
  bool has_ended_ = false;
  std::stop_source abandoned_;
};

// Who asks says nothing more, but ends the connection when it ends itself.
template <class Socket>
bool is_gone(Socket& socket) {
  std::array<char, 64> some{};
  boost::system::error_code error;
  socket.read_some(net::buffer(some), error);
  return error && error != net::error::would_block;
}

}  // namespace

Server::Server(net::io_context& context, base::Pool& pool, const base::Path& root, Handler handler)
    : context_(context),
      pool_(pool),
      path_(socket_of(root)),
      handler_(std::move(handler)),
      acceptor_(context) {
  std::filesystem::remove(path_);
  const Address address(path_);
  acceptor_.open();
  // Nobody but whoever owns the store, from the first moment on.
  const auto mask = ::umask(0177);
  boost::system::error_code error;
  acceptor_.bind(net::local::stream_protocol::endpoint(address.str()), error);
  ::umask(mask);
  if (error) throw boost::system::system_error(error, "cannot bind " + path_.string());
  acceptor_.listen();
  net::co_spawn(context_, accept(), net::detached);
}

Server::~Server() {
  std::error_code error;
  std::filesystem::remove(path_, error);
}

net::awaitable<void> Server::accept() {
  for (;;) {
    const auto strand = net::make_strand(context_);
    Socket socket(strand);
    boost::system::error_code error;
    co_await acceptor_.async_accept(socket, net::redirect_error(net::use_awaitable, error));
    if (error == net::error::operation_aborted) co_return;
    if (error || served_ >= kMaxAtOnce) {
      net::steady_timer timer(context_, kPause);
      co_await timer.async_wait(net::use_awaitable);
      continue;
    }
    ++served_;
    const auto over = [this](const std::exception_ptr&) { --served_; };
    net::co_spawn(strand, serve(std::move(socket)), over);
  }
}

// Empty: nothing came in time, or too much.
net::awaitable<std::string> Server::read_request(Socket& socket) {
  std::string request;
  socket.non_blocking(true);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  net::steady_timer timer(socket.get_executor());
  // Not read until a line end: a read that waits for ever would need a second coroutine to end it.
  while (request.find('\n') == std::string::npos) {
    if (std::chrono::steady_clock::now() > end || request.size() >= kMaxRequestBytes) co_return "";
    std::array<char, 512> some{};
    boost::system::error_code error;
    const auto n = socket.read_some(net::buffer(some), error);
    if (error == net::error::would_block) {
      timer.expires_after(kPause);
      co_await timer.async_wait(net::use_awaitable);
      continue;
    }
    if (error) co_return "";
    request.append(some.data(), n);
  }
  request.resize(request.find('\n'));
  co_return request;
}

net::awaitable<void> Server::serve(Socket socket) {
  const auto request = co_await read_request(socket);
  if (request.empty()) co_return;
  const auto said = std::make_shared<Said>();
  pool_.post([this, said, request] {
    int code = 1;
    try {
      const Say say = [&](const std::string& line) { said->add('o', line); };
      const auto gone = said->abandoned();
      code = handler_({request, say, gone});
    } catch (const std::exception& failure) {
      said->add('o', failure.what());
    }
    said->end(code);
  });
  net::steady_timer timer(socket.get_executor());
  boost::system::error_code error;
  while (!error && !said->has_ended()) {
    const auto text = said->take();
    if (is_gone(socket)) break;
    if (text.empty()) {
      timer.expires_after(kPause);
      co_await timer.async_wait(net::use_awaitable);
      continue;
    }
    const auto bytes = net::buffer(text);
    co_await net::async_write(socket, bytes, net::redirect_error(net::use_awaitable, error));
  }
  said->abandon();  // which means nothing where it has ended
}

}  // namespace registry::app::control
