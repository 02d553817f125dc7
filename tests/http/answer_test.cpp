// What goes over the wire as an answer, also when the handler fails.
#include <gtest/gtest.h>

#include "test_server.hpp"

namespace registry::http {
namespace {

std::string head(std::string_view path) {
  return "HEAD " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

TEST(Answer, HasALengthADateAndItsHeaders) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask(get("/a"));
  EXPECT_TRUE(answer.head.starts_with("HTTP/1.1 200 OK\r\n")) << answer.head;
  EXPECT_EQ(answer.header("content-type"), "text/plain");
  EXPECT_EQ(answer.header("content-length"), "3");
  EXPECT_EQ(answer.header("date").size(), std::string("Mon, 23 Nov 2026 11:11:00 GMT").size());
  EXPECT_EQ(answer.headers.count("transfer-encoding"), 0U);
}

TEST(Answer, ToHeadHasALengthAndNoBody) {
  TestServer server;
  server.handler().set_file("content");
  auto client = server.connect();
  EXPECT_EQ(client.ask(head("/some/path")).header("content-length"), "11");
  EXPECT_EQ(client.ask(head("/file?length=7")).header("content-length"), "7");
  EXPECT_EQ(client.ask(head("/stream?length=1000000")).header("content-length"), "1000000");
  // Had there been a body it would be taken for this answer.
  EXPECT_EQ(client.ask(get("/count")).body, "4");
}

TEST(Answer, Of204HasNeitherLengthNorBody) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask(get("/status?code=204"));
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.headers.count("content-length"), 0U);
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(Answer, Of304HasNoBody) {
  TestServer server;
  auto client = server.connect();
  EXPECT_EQ(client.ask(get("/status?code=304")).status, 304);
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(Answer, HasTheReasonOfItsStatus) {
  TestServer server;
  auto client = server.connect();
  const auto reason = [&](const std::string& code) {
    const auto answer = client.ask(get("/status?code=" + code));
    return answer.head.substr(0, answer.head.find("\r\n"));
  };
  EXPECT_EQ(reason("202"), "HTTP/1.1 202 Accepted");
  EXPECT_EQ(reason("404"), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(reason("416"), "HTTP/1.1 416 Range Not Satisfiable");
  EXPECT_EQ(reason("429"), "HTTP/1.1 429 Too Many Requests");
  EXPECT_EQ(reason("431"), "HTTP/1.1 431 Request Header Fields Too Large");
}

TEST(Answer, HasNoControlCharactersInItsHeaders) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask(get("/hostile-value"));
  EXPECT_EQ(answer.header("x-value"), "a??X-Other: b?");
  EXPECT_EQ(answer.headers.count("x-other"), 0U);
}

TEST(Answer, ToAHandlersFailureIsABare500) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask(get("/failure"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_TRUE(answer.closes());
  EXPECT_EQ(answer.head.find("secret"), std::string::npos);
  EXPECT_EQ(answer.body, "");
  EXPECT_TRUE(client.ends());
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.status, 500U);
  EXPECT_EQ(completed->outcome.failure, "a secret");
  EXPECT_TRUE(server.lives());
}

TEST(Answer, OfAHandlerThatSaysNothingIs500) {
  TestServer server;
  auto client = server.connect();
  EXPECT_EQ(client.ask(get("/nothing")).status, 500);
  EXPECT_TRUE(client.ends());
}

TEST(Answer, IsCutOffWhereTheHandlerFailsInItsMiddle) {
  TestServer server;
  auto client = server.connect();
  client.send(get("/late-failure"));
  const auto all = client.read_to_end();
  EXPECT_NE(all.find("Content-Length: 10\r\n"), std::string::npos);
  EXPECT_TRUE(all.ends_with("\r\n\r\nsssss")) << all;
  EXPECT_TRUE(server.lives());
}

// The connection ends: the client would take the next answer for the rest of this body.
TEST(Answer, IsCutOffWhereTheHandlerSendsLessThanItAnnounced) {
  TestServer server;
  auto client = server.connect();
  client.send(get("/too-little"));
  EXPECT_TRUE(client.read_to_end().ends_with("\r\n\r\nsssss"));
  EXPECT_TRUE(server.lives());
}

TEST(Answer, DoesNotComeWhereTheHandlerLostTheConnection) {
  TestServer server;
  auto client = server.connect();
  client.send(get("/lost"));
  EXPECT_TRUE(client.ends());
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.status, 499U);
  EXPECT_EQ(completed->outcome.failure, "it is gone");
  EXPECT_TRUE(server.lives());
}

TEST(Answer, IsLoggedThoughTheClientIsGone) {
  TestServer server;
  auto client = server.connect();
  client.send(get("/held-failure"));
  ASSERT_TRUE(server.handler().wait_until_begun(1));
  client.reset();
  server.handler().release();
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.failure, "a secret");
  EXPECT_TRUE(server.lives());
}

TEST(Answer, MayBeWrittenBlockByBlock) {
  TestServer server;
  auto client = server.connect();
  EXPECT_EQ(client.ask(get("/stream?length=300000")).body, std::string(300'000, 's'));
  EXPECT_EQ(client.ask(get("/stream?length=0")).header("content-length"), "0");
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.bytes_sent, 300'000U);
  EXPECT_EQ(client.ask(get("/count")).body, "3");
}

}  // namespace
}  // namespace registry::http
