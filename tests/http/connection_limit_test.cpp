// More connections than the server takes.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "test_server.hpp"

namespace registry::http {
namespace {

// A session is idle a moment after its answer has come: no sign of that goes over the wire.
void let_it_become_idle() {
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

TEST(ConnectionLimit, ClosesTheLongestIdleOneForANewcomer) {
  ServerOptions options;
  options.max_connections = 2;
  TestServer server(options);
  auto longest = server.connect();
  longest.ask(get("/count"));
  let_it_become_idle();
  auto other = server.connect();
  other.ask(get("/count"));
  let_it_become_idle();
  auto newcomer = server.connect();
  EXPECT_EQ(newcomer.ask(get("/a")).body, "/a\n");
  EXPECT_TRUE(longest.ends());
  EXPECT_EQ(other.ask(get("/b")).body, "/b\n");
}

TEST(ConnectionLimit, TurnsANewcomerAwayWhereNoneIsIdle) {
  ServerOptions options;
  options.max_connections = 2;
  TestServer server(options);
  auto first = server.connect(), second = server.connect();
  first.send(get("/held"));
  second.send(get("/held"));
  ASSERT_TRUE(server.handler().wait_until_begun(2));
  auto newcomer = server.connect();
  const auto refusal = newcomer.ask(get("/count"));
  EXPECT_EQ(refusal.status, 503);
  EXPECT_TRUE(refusal.closes());
  EXPECT_TRUE(newcomer.ends());
  server.handler().release();
  EXPECT_EQ(first.read_answer().body, "released");
  EXPECT_EQ(second.read_answer().body, "released");
  EXPECT_EQ(first.ask(get("/a")).body, "/a\n");
}

// To close with a request unread, or before it comes, would reset the connection, and the client
// would not hear why.
TEST(ConnectionLimit, TellsAlsoThoseWhoAskLate) {
  ServerOptions options;
  options.max_connections = 0;
  TestServer server(options);
  auto client = server.connect();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  client.send(get("/count"));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_TRUE(client.send(get("/count"))) << "the connection was reset";
  EXPECT_EQ(client.read_answer().status, 503);
}

TEST(ConnectionLimit, HasRoomAgainWhenAConnectionHasEnded) {
  ServerOptions options;
  options.max_connections = 1;
  TestServer server(options);
  for (int i = 0; i < 20; ++i) {
    server.connect().close();
    EXPECT_TRUE(server.comes_to_live());
  }
}

TEST(ConnectionLimit, CompletesTheRefusalLikeAnyRequest) {
  ServerOptions options;
  options.max_connections = 0;
  TestServer server(options);
  const auto before = std::chrono::steady_clock::now();
  server.connect().read_answer();
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.status, 503U);
  EXPECT_NE(completed->outcome.failure, "");
  EXPECT_LE(completed->outcome.duration, std::chrono::steady_clock::now() - before);
}

}  // namespace
}  // namespace registry::http
