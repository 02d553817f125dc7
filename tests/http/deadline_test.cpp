// Clients that fall silent or trickle: each loses its connection, nobody else does.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "test_server.hpp"

namespace registry::http {
namespace {

// Sends a byte now and then until the other end has had enough of it; false: it never had.
bool trickles_until_the_end(RawClient& client, char byte) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    if (!client.send({&byte, 1}) || client.has_input()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

TEST(Deadline, EndsAConnectionThatSaysNothing) {
  TestServer server(impatient());
  auto client = server.connect();
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(server.lives());
}

TEST(Deadline, EndsAConnectionThatStaysIdleAfterARequest) {
  TestServer server(impatient());
  auto client = server.connect();
  client.ask(get("/count"));
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(server.lives());
}

TEST(Deadline, EndsHalfAHead) {
  TestServer server(impatient());
  auto client = server.connect();
  client.send("GET /count HTTP/1.1\r\nHost: te");
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server.handler().begun(), 0);
  EXPECT_TRUE(server.lives());
}

// It counts from the first byte on, not anew with each.
TEST(Deadline, EndsAHeadThatTrickles) {
  TestServer server(impatient());
  auto client = server.connect();
  client.send("GET /");
  EXPECT_TRUE(trickles_until_the_end(client, 'x'));
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(server.lives());
}

TEST(Deadline, EndsABodyThatFallsSilent) {
  TestServer server(impatient());
  auto client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_TRUE(client.ends());
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.status, 499U);
  EXPECT_NE(completed->outcome.failure, "");
  EXPECT_TRUE(server.lives());
}

TEST(Deadline, EndsABodyThatComesTooSlowly) {
  auto options = impatient();
  options.silence_timeout = std::chrono::seconds(60);  // never silent for that long
  TestServer server(options);
  auto client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_TRUE(trickles_until_the_end(client, 'x'));
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.status, 499U);
  EXPECT_EQ(completed->outcome.failure, "the client is too slow");
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(server.lives());
}

TEST(Deadline, LeavesASlowBodyThatKeepsItsRate) {
  auto options = impatient();
  options.silence_timeout = std::chrono::seconds(60);
  options.min_body_bytes_per_second = 1;
  TestServer server(options);
  auto client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 15\r\n\r\n");
  // Longer in all than the limits that are left.
  for (int i = 0; i < 15; ++i) {
    ASSERT_TRUE(client.send("x"));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(client.read_answer().body, std::string(15, 'x'));
}

// An unread body that is skipped is under the same limits as one that is read.
TEST(Deadline, EndsASkippedBodyThatFallsSilent) {
  TestServer server(impatient());
  auto client = server.connect();
  client.send("POST /ignore HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(client.read_answer().body, "ignored");
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(server.lives());
}

// Only the client is waited for by the clock: a handler may take its time.
TEST(Deadline, DoesNotCountTheTimeOfTheHandler) {
  TestServer server(impatient());
  auto client = server.connect();
  client.send(post("/held-echo", "body"));
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  server.handler().release();
  EXPECT_EQ(client.read_answer().body, "body");
}

}  // namespace
}  // namespace registry::http
