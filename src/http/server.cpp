#include "registry/http/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "registry/base/log.hpp"
#include "session.hpp"
#include "sessions.hpp"
#include "tls_contexts.hpp"

namespace registry::http {
namespace {

using net::ip::tcp;

constexpr std::size_t kMostTurnedAway = 32;

struct HostAndPort {
  std::string host, port;
};

HostAndPort split(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) {
    throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                            "\"" + address + "\" is not host:port");
  }
  auto host = address.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return {host, address.substr(colon + 1)};
}

}  // namespace

Server::Server(net::io_context& io, base::Pool& pool, base::ByteBudget& memory, Handler& handler,
               ServerOptions options)
    : io_(io),
      pool_(pool),
      memory_(memory),
      handler_(handler),
      options_(std::move(options)),
      tls_(options_.tls ? std::make_unique<TlsContexts>(*options_.tls) : nullptr),
      sessions_(std::make_shared<Sessions>()) {}

Server::~Server() {
  for (const auto& path : unix_paths_) ::unlink(path.c_str());
}

std::vector<std::string> Server::listen(const std::string& address) {
  const auto [host, port] = split(address.empty() ? ":0" : address);
  std::vector<std::string> listening;
  if (host.empty()) {
    tcp::resolver resolver(io_);
    const auto number = resolver.resolve("0.0.0.0", port).begin()->endpoint().port();
    try {
      listening.push_back(open_tcp({tcp::v6(), number}));  // IPv4 as well
    } catch (const std::system_error& error) {
      const bool has_no_v6 = error.code() == std::errc::address_family_not_supported ||
                             error.code() == std::errc::address_not_available;
      if (!has_no_v6) throw;
      base::log::info("no IPv6 here, listening on IPv4 alone", {{"err", error.what()}});
      listening.push_back(open_tcp({tcp::v4(), number}));
    }
    return listening;
  }
  tcp::resolver resolver(io_);
  boost::system::error_code error;
  const auto entries = resolver.resolve(host, port, tcp::resolver::passive, error);
  if (error) throw std::runtime_error("cannot listen on " + address + ": " + error.message());
  for (const auto& entry : entries) {
    listening.push_back(open_tcp(entry.endpoint()));
  }
  return listening;
}

std::string Server::open_tcp(const tcp::endpoint& endpoint) {
  return to_text(open_acceptor(endpoint, to_text(Protocol::endpoint(endpoint))).local_endpoint());
}

void Server::listen_unix(const std::string& path) {
  const net::local::stream_protocol::endpoint endpoint(path);
  net::local::stream_protocol::socket probe(io_);
  boost::system::error_code error;
  probe.connect(endpoint, error);
  if (error == net::error::connection_refused) ::unlink(path.c_str());
  open_acceptor(endpoint, path);
  unix_paths_.push_back(path);
}

Server::Acceptor& Server::open_acceptor(const Protocol::endpoint& endpoint,
                                        const std::string& name) {
  auto acceptor = std::make_unique<Acceptor>(net::make_strand(io_));
  try {
    acceptor->open(endpoint.protocol());
    acceptor->set_option(net::socket_base::reuse_address(true));
    // Which the sockets that it accepts inherit.
    acceptor->set_option(net::socket_base::keep_alive(true));
    if (endpoint.protocol().family() != AF_UNIX) acceptor->set_option(tcp::no_delay(true));
    if (endpoint.protocol().family() == AF_INET6) {
      acceptor->set_option(net::ip::v6_only(!name.starts_with("[::]:")));
    }
    acceptor->bind(endpoint);
    acceptor->listen(net::socket_base::max_listen_connections);
  } catch (const boost::system::system_error& error) {
    throw std::system_error(error.code(), "cannot listen on " + name);
  }
  auto& opened = *acceptors_.emplace_back(std::move(acceptor));
  if (acceptors_.size() == 1) net::co_spawn(io_, watch_deadlines(), net::detached);
  net::co_spawn(opened.get_executor(), accept(opened), net::detached);
  return opened;
}

net::awaitable<void> Server::accept(Acceptor& acceptor) {
  constexpr std::chrono::milliseconds kPause{100};
  net::steady_timer pause(acceptor.get_executor());
  while (acceptor.is_open()) {
    boost::system::error_code error;
    Protocol::socket socket(net::make_strand(io_));
    Protocol::endpoint peer;
    co_await acceptor.async_accept(socket, peer, net::redirect_error(net::use_awaitable, error));
    if (error == net::error::operation_aborted) co_return;
    if (!error) {
      start_session(std::move(socket), peer);
      continue;
    }
    // Out of descriptors, most likely: make room, and do not spin.
    base::log::warn("cannot accept a connection", {{"err", error.message()}});
    sessions_->shed_longest_idle();
    pause.expires_after(kPause);
    co_await pause.async_wait(net::redirect_error(net::use_awaitable, error));
  }
}

// One timer for all: to set one for each read and each write costs more than the rest of them.
net::awaitable<void> Server::watch_deadlines() {
  constexpr std::chrono::milliseconds kLook{250};
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  for (;;) {
    timer.expires_after(kLook);
    co_await timer.async_wait(net::use_awaitable);
    try {
      for (const auto& session : sessions_->overdue(std::chrono::steady_clock::now())) {
        Session::give_up_waiting(session);
      }
    } catch (const std::exception& error) {  // no memory: without this no deadline would end
      base::log::warn("cannot look at the deadlines", {{"err", error.what()}});
    }
  }
}

void Server::start_session(Protocol::socket socket, const Protocol::endpoint& peer) {
  const auto executor = socket.get_executor();
  auto session = std::make_shared<Session>(*this, std::move(socket), peer);
  if (sessions_->add(session, options_.max_connections)) {
    net::co_spawn(executor, Session::run(std::move(session)), net::detached);
    return;
  }
  warn_of_limit();
  // They take descriptors too, for as long as they are told why: of more than these the connection
  // is closed without a word.
  if (!tls_ && sessions_->add_turned_away(session, kMostTurnedAway)) {
    net::co_spawn(executor, Session::turn_away(std::move(session)), net::detached);
  }
}

// A line a minute: under a flood of connections the log must not drown too.
void Server::warn_of_limit() {
  constexpr std::chrono::minutes kInterval{1};
  const auto now = std::chrono::steady_clock::now();
  if (now < next_warning_.load()) return;
  next_warning_ = now + kInterval;
  base::log::warn("the limit of connections is reached, and none is idle: turning clients away",
                  {{"connections", std::to_string(options_.max_connections)}});
}

net::awaitable<void> Server::drain(std::chrono::seconds timeout) {
  constexpr std::chrono::milliseconds kLook{10};
  constexpr std::chrono::seconds kCut{2};
  for (auto& acceptor : acceptors_) {
    net::dispatch(acceptor->get_executor(), [&acceptor] { acceptor->close(); });
  }
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  const auto start = std::chrono::steady_clock::now();
  bool cut = false;
  while (sessions_->size() > 0) {
    const auto elapsed = std::chrono::steady_clock::now() - start;
    if (elapsed > timeout + kCut) break;
    if (elapsed > timeout && !cut) {
      cut = true;
      base::log::warn("requests still under way are cut off",
                      {{"connections", std::to_string(sessions_->size())}});
      sessions_->for_each(Session::stop);
    } else if (!cut) {
      // Again and again: a connection accepted at the last moment has not heard of it.
      sessions_->for_each(Session::drain);
    }
    timer.expires_after(kLook);
    co_await timer.async_wait(net::use_awaitable);
  }
}

}  // namespace registry::http
