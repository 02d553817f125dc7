// Bodies of requests: their framing, and what becomes of them when nobody reads them.
#include <gtest/gtest.h>

#include "test_server.hpp"

namespace registry::http {
namespace {

constexpr std::size_t kMebibyte = 1024 * 1024;

TEST(Body, ComesInChunks) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask(post_chunked("/echo",
                                              "5\r\nhello\r\nA\r\n, chunked \r\n"
                                              "5\r\nworld\r\n0\r\n\r\n"));
  EXPECT_EQ(answer.body, "hello, chunked world");
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(Body, MayBeChunkedAndEmpty) {
  TestServer server;
  auto client = server.connect();
  EXPECT_EQ(client.ask(post_chunked("/length", "0\r\n\r\n")).body, "0");
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(Body, OfMegabytesComesWhole) {
  TestServer server;
  auto client = server.connect();
  std::string body;
  while (body.size() < 4 * kMebibyte) body += std::to_string(body.size()) + ",";
  EXPECT_EQ(client.ask(post("/echo", body)).body, body);
}

// Where its end shows only when there is no more room to read into.
TEST(Body, MayFillTheHandlersBlocks) {
  TestServer server;
  auto client = server.connect();
  const std::string body(2 * 16 * 1024, 'b');
  EXPECT_EQ(client.ask(post("/echo", body)).body, body);
  const auto answer = client.ask(post_chunked("/echo", "8000\r\n" + body + "\r\n0\r\n\r\n"));
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(client.ask(get("/count")).body, "3");
}

TEST(Body, ThatIsNotAnnouncedIsEmpty) {
  TestServer server;
  auto client = server.connect();
  EXPECT_EQ(client.ask("POST /length HTTP/1.1\r\nHost: test\r\n\r\n").body, "0");
}

TEST(Body, MayHaveChunkExtensions) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask(post_chunked("/echo", "3;a=b;c=\"d e\"\r\nabc\r\n0;last\r\n\r\n"));
  EXPECT_EQ(answer.body, "abc");
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(Body, MayHaveTrailers) {
  TestServer server;
  auto client = server.connect();
  const auto answer =
      client.ask(post_chunked("/echo", "3\r\nabc\r\n0\r\nX-Digest: x\r\nX-Other: y\r\n\r\n"));
  EXPECT_EQ(answer.body, "abc");
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(Body, WithAnEndlessTrailerEndsItsConnectionOnly) {
  TestServer server;
  auto client = server.connect();
  client.send(post_chunked("/echo", "3\r\nabc\r\n0\r\nX: " + std::string(100'000, 'x')));
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(server.lives());
}

TEST(Body, WithAnEndlessChunkExtensionEndsItsConnectionOnly) {
  TestServer server;
  auto client = server.connect();
  client.send(post_chunked("/echo", "3;x=" + std::string(100'000, 'x')));
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(server.lives());
}

TEST(Body, WithAChunkSizeThatIsNoNumberEndsItsConnectionOnly) {
  TestServer server;
  for (const auto* size : {"x\r\n", "-1\r\n", "\r\n", "11111111111111111\r\n"}) {
    auto client = server.connect();
    client.send(post_chunked("/echo", size));
    EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 400 ")) << size;
  }
  EXPECT_TRUE(server.lives());
}

TEST(Body, CutShortGetsNoAnswerAndIsLogged) {
  TestServer server;
  auto client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
  client.finish_sending();
  EXPECT_TRUE(client.ends());
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.status, 499U);
  EXPECT_NE(completed->outcome.failure, "");
}

TEST(Body, IsAskedForWhenItIsRead) {
  TestServer server;
  auto client = server.connect();
  client.send(
      "POST /held-echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n"
      "Expect: 100-continue\r\n\r\n");
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  EXPECT_FALSE(client.has_input());
  server.handler().release();
  EXPECT_EQ(client.read_answer().head, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.ask("hello").body, "hello");
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(Body, InChunksIsAskedForAsWell) {
  TestServer server;
  auto client = server.connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n"
      "Expect: 100-Continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  EXPECT_EQ(client.ask("3\r\nabc\r\n0\r\n\r\n").body, "abc");
}

TEST(Body, IsNotAskedForByAHandlerThatRefuses) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask(
      "POST /ignore HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n"
      "Expect: 100-continue\r\n\r\n");
  // The client may or may not send the body now: only a new connection is unambiguous.
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.ends());
}

TEST(Body, ThatIsEmptyIsNotAskedFor) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask(post("/length", "", "Expect: 100-continue\r\n"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.closes());
}

TEST(Body, IsNotAskedForInHttp10) {
  TestServer server;
  auto client = server.connect();
  const auto answer =
      client.ask("POST /echo HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
}

TEST(Body, ThatIsShortAndUnreadIsSkipped) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask(post("/ignore", std::string(200'000, 'x')));
  EXPECT_EQ(answer.body, "ignored");
  EXPECT_FALSE(answer.closes());
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(Body, ThatIsLongAndUnreadDoesNotCostTheAnswer) {
  TestServer server;
  auto client = server.connect();
  // More than the buffers of both sockets hold: had the server closed at once, its reset would
  // have come before the client looks for an answer, and thrown it away.
  EXPECT_TRUE(client.send(post("/ignore", std::string(16 * kMebibyte, 'x'))));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.body, "ignored");
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.ends());
}

TEST(Body, InChunksAndUnreadDoesNotCostTheAnswer) {
  TestServer server;
  auto client = server.connect();
  EXPECT_TRUE(client.send(post_chunked("/ignore", "800000\r\n" + std::string(8 * kMebibyte, 'x'))));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.body, "ignored");
  EXPECT_TRUE(answer.closes());
}

}  // namespace
}  // namespace registry::http
