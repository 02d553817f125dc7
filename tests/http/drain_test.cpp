// The end of the server, as a SIGTERM brings it.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "test_server.hpp"

namespace registry::http {
namespace {

using std::chrono::seconds;

constexpr seconds kLong{60};  // longer than any of these tests waits

// The acceptor closes on a strand of its own, a moment after the call.
bool comes_to_refuse_connections(const TestServer& server) {
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    if (refuses_connections(server.port())) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

TEST(Drain, OfAnUnusedServerEndsAtOnce) {
  TestServer server;
  auto drained = server.drain(kLong);
  EXPECT_TRUE(comes(drained));
  EXPECT_TRUE(comes_to_refuse_connections(server));
}

TEST(Drain, ClosesIdleConnectionsAtOnce) {
  TestServer server;
  auto unused = server.connect();
  auto used = server.connect();
  used.ask(get("/count"));
  auto drained = server.drain(kLong);
  EXPECT_TRUE(unused.ends());
  EXPECT_TRUE(used.ends());
  EXPECT_TRUE(comes(drained));
}

TEST(Drain, DoesNotWaitForTheRestOfAHead) {
  TestServer server;
  auto client = server.connect();
  client.send("GET /count HT");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // until it is being read
  auto drained = server.drain(kLong);
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(comes(drained));
}

TEST(Drain, RefusesNewConnectionsWhileARequestIsUnderWay) {
  TestServer server;
  auto client = server.connect();
  client.send(get("/held"));
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  auto drained = server.drain(kLong);
  EXPECT_TRUE(comes_to_refuse_connections(server));
  server.handler().release();
  EXPECT_EQ(client.read_answer().body, "released");
}

TEST(Drain, LetsARequestUnderWayHaveItsWholeAnswer) {
  TestServer server;
  auto client = server.connect();
  client.send(get("/held"));
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  auto drained = server.drain(kLong);
  ASSERT_TRUE(comes_to_refuse_connections(server));
  server.handler().release();
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.body, "released");
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.ends());
  client.close();
  EXPECT_TRUE(comes(drained));
}

TEST(Drain, LetsAnUploadUnderWayComplete) {
  TestServer server;
  auto client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello");
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  auto drained = server.drain(kLong);
  ASSERT_TRUE(comes_to_refuse_connections(server));
  const auto answer = client.ask("world");
  EXPECT_EQ(answer.body, "helloworld");
  EXPECT_TRUE(answer.closes());
  client.close();
  EXPECT_TRUE(comes(drained));
}

TEST(Drain, LetsADownloadUnderWayComplete) {
  constexpr std::size_t kSize = 20 * 1024 * 1024;
  TestServer server;
  server.handler().set_file(std::string(kSize, 'f'));
  auto client = server.connect(32 * 1024);
  client.send(get("/file?length=" + std::to_string(kSize)));
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  auto drained = server.drain(kLong);
  ASSERT_TRUE(comes_to_refuse_connections(server));
  EXPECT_EQ(client.read_answer().body, std::string(kSize, 'f'));
  EXPECT_TRUE(client.ends());
  client.close();
  EXPECT_TRUE(comes(drained));
}

TEST(Drain, CutsAnUploadThatDoesNotEnd) {
  TestServer server;
  auto client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello");
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  auto drained = server.drain(seconds(1));
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(comes(drained));
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.status, 499U);
}

TEST(Drain, CutsADownloadThatDoesNotEnd) {
  constexpr std::size_t kSize = 20 * 1024 * 1024;
  TestServer server;
  server.handler().set_file(std::string(kSize, 'f'));
  auto client = server.connect(32 * 1024);
  client.send(get("/file?length=" + std::to_string(kSize)));
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  auto drained = server.drain(seconds(1));
  EXPECT_TRUE(comes(drained));
  EXPECT_LT(client.read_to_end().size(), kSize);
}

TEST(Drain, DoesNotWaitForAHandlerForEver) {
  TestServer server;
  auto client = server.connect();
  client.send(get("/held"));
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  auto drained = server.drain(seconds(1));
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(comes(drained));
}

}  // namespace
}  // namespace registry::http
