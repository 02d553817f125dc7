// Many clients at once, some of them rude: for the sanitizers above all.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <thread>

#include "test_server.hpp"

namespace registry::http {
namespace {

constexpr std::size_t kFileSize = 1024 * 1024;
constexpr int kClients = 8;

using Act = std::function<void(const TestServer&, RawClient&)>;

void check(bool good, const char* what) {
  if (!good) throw std::logic_error(what);
}

void keep_alive(const TestServer&, RawClient& client) {
  for (int i = 0; i < 5; ++i) check(client.ask(get("/a")).body == "/a\n", "keep-alive");
}

void pipeline(const TestServer&, RawClient& client) {
  client.send(get("/a") + post("/echo", "b") + post("/ignore", "c"));
  check(client.read_answer().body == "/a\n", "pipelined, first");
  check(client.read_answer().body == "b", "pipelined, second");
  check(client.read_answer().body == "ignored", "pipelined, third");
}

void upload(const TestServer&, RawClient& client) {
  const std::string body(300'000, 'u');
  check(client.ask(post("/length", body)).body == "300000", "upload");
  check(client.ask(post_chunked("/echo", "3\r\nabc\r\n0\r\n\r\n")).body == "abc", "chunked upload");
}

void download(const TestServer&, RawClient& client) {
  const auto path = "/file?length=" + std::to_string(kFileSize);
  check(client.ask(get(path)).body == std::string(kFileSize, 'f'), "download");
  check(client.ask(get("/stream?length=100000")).body == std::string(100'000, 's'), "stream");
}

void abort_download(const TestServer&, RawClient& client) {
  client.send(get("/file?length=" + std::to_string(kFileSize)));
  client.read(1000);
  client.reset();
}

void abort_upload(const TestServer&, RawClient& client) {
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\nhalf");
  client.reset();
}

void fail(const TestServer&, RawClient& client) {
  check(client.ask(get("/failure")).status == 500, "failure");
}

void talk_nonsense(const TestServer&, RawClient& client) {
  check(client.ask("nonsense\r\n\r\n").status == 400, "nonsense");
}

void talk_tls(const TestServer&, RawClient& client) {
  client.send("\x16\x03\x01");
  check(client.read_answer().status == 400, "TLS");
}

void send_what_nobody_reads(const TestServer&, RawClient& client) {
  client.send(post("/ignore", std::string(1'000'000, 'x')));
  check(client.read_answer().body == "ignored", "unread body");
}

const std::array<Act, 10> kActs = {
    keep_alive,   pipeline, upload,        download, abort_download,
    abort_upload, fail,     talk_nonsense, talk_tls, send_what_nobody_reads};

// Each starts at another act; returns what went wrong.
std::string misbehave(const TestServer& server, int client, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    try {
      auto connection = server.connect();
      kActs[static_cast<std::size_t>(client + i) % kActs.size()](server, connection);
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  return {};
}

TEST(Load, OfPoliteAndRudeClientsLeavesAServerThatAnswers) {
  TestServer server;
  server.handler().set_file(std::string(kFileSize, 'f'));
  std::array<std::string, kClients> failures;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kClients; ++i) {
      threads.emplace_back(
          [&, i] { failures[static_cast<std::size_t>(i)] = misbehave(server, i, 120); });
    }
  }
  for (const auto& failure : failures) EXPECT_EQ(failure, "");
  for (const auto& act : kActs) {
    auto connection = server.connect();
    EXPECT_NO_THROW(act(server, connection));
  }
  EXPECT_TRUE(server.lives());
}

// With room for fewer than come, nobody is promised an answer; the server must stand it.
TEST(Load, BeyondTheLimitOfConnectionsLeavesAServerThatAnswers) {
  ServerOptions options;
  options.max_connections = 3;
  TestServer server(options);
  server.handler().set_file(std::string(kFileSize, 'f'));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kClients; ++i) {
      threads.emplace_back([&, i] {
        for (int n = 0; n < 60; ++n) misbehave(server, i + n, 1);
      });
    }
  }
  EXPECT_TRUE(server.comes_to_live());
}

TEST(Load, DoesNotKeepTheServerFromDraining) {
  TestServer server;
  server.handler().set_file(std::string(kFileSize, 'f'));
  std::vector<std::jthread> threads;
  for (int i = 0; i < kClients; ++i) {
    // Until the first that is refused.
    threads.emplace_back([&, i] { misbehave(server, i, 10'000); });
  }
  ASSERT_TRUE(server.handler().wait_until_begun(100));
  auto drained = server.drain(std::chrono::seconds(60));
  EXPECT_TRUE(comes(drained));
}

}  // namespace
}  // namespace registry::http
