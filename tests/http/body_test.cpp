// Bodies of requests: their framing, and what becomes of them when nobody reads them.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

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

// As uploads are: by whatever thread is free, which hands every byte to the handler.
TEST(ReceivedBody, ComesWhole) {
  TestServer server;
  auto client = server.connect();
  std::string body;
  while (body.size() < 12 * kMebibyte) body += std::to_string(body.size()) + ",";
  EXPECT_EQ(client.ask(post("/receive", body)).body, body);
  EXPECT_EQ(client.ask(post_chunked("/receive", "3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n")).body,
            "abcde");
  EXPECT_EQ(client.ask(post("/receive", "")).body, "");
  EXPECT_EQ(client.ask(get("/count")).body, "4");
}

// In one piece with its head, the body is in the session's buffer: what the handler refused of it
// must not be read as the next request.
TEST(ReceivedBody, ThatIsRefusedInItsMiddleIsNoRequest) {
  const auto smuggled = get("/smuggled");
  for (const auto& body : {smuggled, smuggled + std::string(100'000, 'x')}) {
    TestServer server;
    auto client = server.connect();
    client.send(post("/receive?most=3", body) + get("/count"));
    EXPECT_EQ(client.read_answer().body, "too much");
    EXPECT_EQ(client.read_answer().body, "2");
  }
}

// Nor is it lost what follows it. The body goes past the session's buffer, all of it at once.
TEST(ReceivedBody, ThatIsRefusedAtItsEndLeavesTheNextRequest) {
  const auto smuggled = get("/smuggled") + std::string(60'000, 'x');
  const auto chunks = "ea86\r\n" + smuggled + "\r\n0\r\n\r\n";
  for (const auto& request :
       {post_chunked("/receive?end=1", "3\r\nabc\r\n0\r\n\r\n"), post("/receive?end=1", smuggled),
        post("/receive?end=1", "abc"), post_chunked("/receive?end=1", chunks)}) {
    TestServer server;
    auto client = server.connect();
    client.send(request + get("/count"));
    EXPECT_EQ(client.read_answer().body, "too much");
    EXPECT_EQ(client.read_answer().body, "2");
  }
}

// A client that sends its next requests behind the body, without waiting for the answer.
TEST(ReceivedBody, MayBeFollowedByOtherRequests) {
  TestServer server;
  auto client = server.connect();
  const std::string large(0x30000, 'l');
  const auto chunks = "30000\r\n" + large + "\r\n0\r\n\r\n";
  ASSERT_TRUE(client.send(post_chunked("/receive", chunks) + post("/receive", "two") + get("/a") +
                          post_chunked("/receive", "3\r\nabc\r\n0\r\nX: y\r\n\r\n") +
                          get("/count")));
  EXPECT_EQ(client.read_answer().body, large);
  EXPECT_EQ(client.read_answer().body, "two");
  EXPECT_EQ(client.read_answer().body, "/a\n");
  EXPECT_EQ(client.read_answer().body, "abc");
  EXPECT_EQ(client.read_answer().body, "5");
}

// More than is kept of them: the answer says that it is the last. All is there before it is read,
// so that it is read at once.
TEST(ReceivedBody, EndsTheConnectionWhereTooMuchFollows) {
  TestServer server;
  auto client = server.connect();
  std::string behind;
  while (behind.size() <= std::size_t{17} * 1024) behind += get("/behind");
  const std::string body(0x5000, 'b');
  const auto chunks = "5000\r\n" + body + "\r\n0\r\n\r\n";
  ASSERT_TRUE(client.send(post_chunked("/held-receive", chunks + behind)));
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  server.handler().release();
  const auto last = client.read_answer();
  EXPECT_EQ(last.body, body);
  EXPECT_TRUE(last.closes());
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server.handler().begun(), 1);
}

}  // namespace
}  // namespace registry::http
