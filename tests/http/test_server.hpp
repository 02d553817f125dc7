#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "raw_client.hpp"
#include "registry/base/pool.hpp"
#include "registry/http/server.hpp"
#include "test_handler.hpp"

namespace registry::http {

// A real server on a free port of 127.0.0.1, run by two threads until the end of its scope. An
// exception that reaches the event loop fails the test.
class TestServer {
 public:
  explicit TestServer(const ServerOptions& options = {});
  ~TestServer();

  TestHandler& handler() { return handler_; }
  std::uint16_t port() const { return port_; }
  RawClient connect(int receive_buffer = 0) const { return RawClient(port_, receive_buffer); }
  // Another client's request is answered.
  bool lives() const;
  // The same, of a server that may first have to get rid of others.
  bool comes_to_live() const;
  std::future<void> drain(std::chrono::seconds timeout);

 private:
  void run();

  net::io_context io_{2};
  net::executor_work_guard<net::io_context::executor_type> work_{io_.get_executor()};
  TestHandler handler_;
  std::optional<base::Pool> pool_;
  base::ByteBudget memory_{std::size_t{16} << 20};
  Server server_;
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
};

// Limits of a second, for what runs into one of them.
ServerOptions impatient();

// `future` comes within a bounded time.
bool comes(std::future<void>& future);

}  // namespace registry::http
