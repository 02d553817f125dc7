// How long a connection lasts, and in which order its requests are answered.
#include <gtest/gtest.h>

#include "test_server.hpp"

namespace registry::http {
namespace {

TEST(Connection, GoesOnAfterAnAnswer) {
  TestServer server;
  auto client = server.connect();
  const auto first = client.ask(get("/count"));
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.header("connection"), "");
  EXPECT_EQ(first.body, "1");
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(Connection, AnswersPipelinedRequestsInOrder) {
  TestServer server;
  auto client = server.connect();
  ASSERT_TRUE(client.send(get("/a") + get("/b") + get("/count") + get("/d")));
  EXPECT_EQ(client.read_answer().body, "/a\n");
  EXPECT_EQ(client.read_answer().body, "/b\n");
  EXPECT_EQ(client.read_answer().body, "3");
  EXPECT_EQ(client.read_answer().body, "/d\n");
}

TEST(Connection, AnswersPipelinedRequestsWithBodiesInOrder) {
  TestServer server;
  auto client = server.connect();
  const std::string large(100'000, 'l');
  ASSERT_TRUE(client.send(post("/echo", "one") + post_chunked("/echo", "3\r\ntwo\r\n0\r\n\r\n") +
                          post("/echo", large) + post("/echo", "") + post("/ignore", "unread") +
                          get("/count")));
  EXPECT_EQ(client.read_answer().body, "one");
  EXPECT_EQ(client.read_answer().body, "two");
  EXPECT_EQ(client.read_answer().body, large);
  EXPECT_EQ(client.read_answer().body, "");
  EXPECT_EQ(client.read_answer().body, "ignored");
  EXPECT_EQ(client.read_answer().body, "6");
}

TEST(Connection, AnswersThoseWhoHaveFinishedSending) {
  TestServer server;
  auto client = server.connect();
  ASSERT_TRUE(client.send(get("/a") + get("/b")));
  client.finish_sending();
  EXPECT_EQ(client.read_answer().body, "/a\n");
  EXPECT_EQ(client.read_answer().body, "/b\n");
  EXPECT_TRUE(client.ends());
}

TEST(Connection, TakesARequestByteByByte) {
  TestServer server;
  auto client = server.connect();
  for (const char c : post("/echo", "slow")) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.read_answer().body, "slow");
}

TEST(Connection, EndsWhereTheRequestSaysSo) {
  TestServer server;
  auto client = server.connect();
  // What follows is no request any more (RFC 9112 9.6).
  ASSERT_TRUE(client.send(get("/a", "Connection: close\r\n") + get("/b")));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.body, "/a\n");
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server.handler().begun(), 1);
}

TEST(Connection, EndsAfterARequestInHttp10) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask("GET /a HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.body, "/a\n");
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.ends());
}

TEST(Connection, GoesOnInHttp10WhereItIsAskedTo) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer.body, "/a\n");
  EXPECT_EQ(answer.header("connection"), "keep-alive");
  EXPECT_EQ(client.ask("GET /b HTTP/1.0\r\n\r\n").body, "/b\n");
}

TEST(Connection, AnswersATlsHelloAtOnce) {
  TestServer server;
  auto client = server.connect();
  // No newline in it, and the client waits for the answer before it says more.
  ASSERT_TRUE(client.send(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)));
  EXPECT_EQ(client.read_to_end(),
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Connection: close\r\n\r\n400 Bad Request");
  EXPECT_EQ(server.handler().begun(), 0);
}

TEST(Connection, AnswersTheFirstByteOfATlsHello) {
  TestServer server;
  auto client = server.connect();
  ASSERT_TRUE(client.send("\x16"));
  EXPECT_EQ(client.read_answer().status, 400);
}

TEST(Connection, OfAClientThatSaysNothingDoesNotHurt) {
  TestServer server;
  for (int i = 0; i < 3; ++i) server.connect().close();
  for (int i = 0; i < 3; ++i) server.connect().reset();
  EXPECT_TRUE(server.lives());
}

}  // namespace
}  // namespace registry::http
