#include "test_server.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <csignal>

#include "registry/base/log.hpp"

namespace registry::http {

TestServer::TestServer(const ServerOptions& options)
    : pool_(std::in_place, "test", 4), server_(io_, *pool_, memory_, handler_, options) {
  base::log::Options quiet;
  quiet.level = base::log::Level::error;  // the warnings are what is tested here
  base::log::configure(quiet);
  std::signal(SIGPIPE, SIG_IGN);  // as the daemon does: sendfile has no flag against it
  const auto address = server_.listen("127.0.0.1:0").front();
  port_ = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { run(); });
}

TestServer::~TestServer() {
  handler_.release();
  auto drained = drain(std::chrono::seconds(0));
  EXPECT_TRUE(comes(drained));
  io_.stop();
  for (auto& thread : threads_) thread.join();
  pool_.reset();  // its threads post to the io_context
}

void TestServer::run() {
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception& error) {
      ADD_FAILURE() << "an exception reached the event loop: " << error.what();
    }
  }
}

bool TestServer::lives() const {
  auto client = connect();
  return client.ask(post("/echo", "alive")).body == "alive";
}

bool TestServer::comes_to_live() const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  bool alive = false;
  while (!alive && std::chrono::steady_clock::now() < end) alive = lives();
  return alive;
}

std::future<void> TestServer::drain(std::chrono::seconds timeout) {
  return net::co_spawn(io_, server_.drain(timeout), net::use_future);
}

ServerOptions impatient() {
  constexpr std::chrono::seconds kLimit{1};
  ServerOptions options;
  options.idle_timeout = options.head_timeout = kLimit;
  options.silence_timeout = options.slow_body_credit = kLimit;
  return options;
}

bool comes(std::future<void>& future) {
  return future.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
}

}  // namespace registry::http
