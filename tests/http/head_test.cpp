// Heads that must not reach a handler, and some odd ones that may.
#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <thread>

#include "test_server.hpp"

namespace registry::http {
namespace {

struct Hostile {
  const char* name;
  std::string request;
  int status;
};

std::ostream& operator<<(std::ostream& out, const Hostile& hostile) {
  return out << hostile.name;
}

std::string with_headers(std::string_view headers) {
  return "POST /echo HTTP/1.1\r\nHost: test\r\n" + std::string(headers) + "\r\n";
}

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

const Hostile kFraming[] = {
    {"GzipCoding", with_headers("Transfer-Encoding: gzip\r\n"), 400},
    {"GzipCodingWithLength", with_headers("Transfer-Encoding: gzip\r\nContent-Length: 3\r\n"), 400},
    {"EmptyCoding", with_headers("Transfer-Encoding: \r\n"), 400},
    {"ChunkedThenGzip", with_headers("Transfer-Encoding: chunked, gzip\r\n"), 400},
    {"ChunkedThenNothing", with_headers("Transfer-Encoding: chunked,\r\n"), 400},
    {"GzipThenChunked", with_headers("Transfer-Encoding: gzip, chunked\r\n"), 501},
    {"GzipThenChunkedInALineOfItsOwn",
     with_headers("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), 501},
    {"ChunkedWithParameter", with_headers("Transfer-Encoding: chunked;a=b\r\n"), 400},
    {"ChunkedWithLength", with_headers("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400},
    {"LengthWithChunked", with_headers("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"ChunkedTwice", with_headers("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
     400},
    {"ChunkedInHttp10", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"TwoLengths", with_headers("Content-Length: 3\r\nContent-Length: 4\r\n"), 400},
    {"TwoLengthsInALine", with_headers("Content-Length: 3, 4\r\n"), 400},
    {"NegativeLength", with_headers("Content-Length: -1\r\n"), 400},
    {"SignedLength", with_headers("Content-Length: +1\r\n"), 400},
    {"EmptyLength", with_headers("Content-Length: \r\n"), 400},
    {"HugeLength", with_headers("Content-Length: 99999999999999999999\r\n"), 400},
    {"SpaceBeforeTheColon", with_headers("Content-Length : 3\r\n"), 400},
    {"UnknownExpectation", with_headers("Content-Length: 3\r\nExpect: a-miracle\r\n"), 417},
};

const Hostile kHosts[] = {
    {"NoHost", "GET /count HTTP/1.1\r\n\r\n", 400},
    {"EmptyHost", "GET /count HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"TwoHosts", "GET /count HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"TwoHostsInHttp10", "GET /count HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"HostWithSpace", "GET /count HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"HostThatIsFolded", "GET /count HTTP/1.1\r\nHost: a\r\n X: y\r\n\r\n", 400},
    {"HostWithCredentials", "GET /count HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
    {"HostWithPath", "GET /count HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"HostWithPortThatIsNone", "GET /count HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
    {"HostOfPortAlone", "GET /count HTTP/1.1\r\nHost: :80\r\n\r\n", 400},
    {"HostWithHalfAnAddress", "GET /count HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
    {"HostWithMarkup", "GET /count HTTP/1.0\r\nHost: <b>\r\n\r\n", 400},
};

const Hostile kTargets[] = {
    {"AsteriskOfGet", "GET * HTTP/1.1\r\nHost: test\r\n\r\n", 400},
    {"Authority", "CONNECT host:443 HTTP/1.1\r\nHost: test\r\n\r\n", 400},
    {"PathOfConnect", "CONNECT /count HTTP/1.1\r\nHost: test\r\n\r\n", 400},
    {"AbsoluteWithMarkupForAHost", get("http://<b>/x"), 400},
    {"AbsoluteWithCredentials", get("http://user@h/x"), 400},
    {"AbsoluteWithoutHost", get("http:///x"), 400},
    {"AbsoluteOfAnotherScheme", get("ftp://h/x"), 400},
    {"AbsoluteWithAQueryAlone", get("http://h?x"), 400},
    {"RawUtf8", get("/gr\xc3\xbc\xc3\x9f"), 400},
    {"EncodedNul", get("/a%00b"), 400},
    {"EncodedLineBreak", get("/a%0d%0aX:%20b"), 400},
    {"EncodedNulInTheQuery", get("/?x=%00"), 400},
    {"HalfAnEscape", get("/a%2"), 400},
    {"NoEscape", get("/a%zz"), 400},
    {"Fragment", get("/a#b"), 400},
    {"Empty", "GET  HTTP/1.1\r\nHost: test\r\n\r\n", 400},
    {"Missing", "GET HTTP/1.1\r\nHost: test\r\n\r\n", 400},
    {"Over8KiB", get("/" + std::string(8 * 1024, 'x')), 414},
    {"Over16KiB", get("/" + std::string(16 * 1024, 'x')), 414},
};

const Hostile kLines[] = {
    {"BareLf", "GET /count HTTP/1.1\nHost: test\n\n", 400},
    {"BareLfBetweenHeaders", "GET /count HTTP/1.1\r\nHost: test\nX: y\r\n\r\n", 400},
    {"BareCrInAValue", get("/count", "X: a\rb\r\n"), 400},
    {"NulInAValue", get("/count", std::string_view("X: a\0b\r\n", 8)), 400},
    {"TwoEmptyLinesBeforeIt", "\r\n\r\n" + get("/count"), 400},
    {"BareLfBeforeIt", "\n" + get("/count"), 400},
    {"Garbage", std::string("\x01\x02\xff\xfe\0\x80 ", 7) + "\r\n\r\n", 400},
    {"NoVersion", "GET /count\r\n\r\n", 400},
    {"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
    {"Http12", "GET /count HTTP/1.2\r\nHost: test\r\n\r\n", 400},
    {"HeaderWithoutColon", get("/count", "nonsense\r\n"), 400},
    {"HeaderWithoutName", get("/count", ": x\r\n"), 400},
    {"HeadersOver16KiB", get("/count", "X: " + std::string(16 * 1024, 'x') + "\r\n"), 431},
    {"ManyShortHeadersOver16KiB", get("/count", repeated("X: y\r\n", 3000)), 431},
    {"MethodWithoutEnd", std::string(100'000, 'x'), 414},
    {"HeadersWithoutEnd", "GET /count HTTP/1.1\r\nX: " + std::string(100'000, 'x'), 431},
};

class Head : public testing::TestWithParam<Hostile> {};

TEST_P(Head, IsRefusedAndEndsItsConnectionOnly) {
  TestServer server;
  auto client = server.connect();
  // What follows must not be taken for a request, whatever the head said of a body.
  ASSERT_TRUE(client.send(GetParam().request + get("/smuggled")));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, GetParam().status) << answer.body;
  EXPECT_TRUE(answer.closes());
  EXPECT_NE(answer.body, "");
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server.handler().begun(), 0);
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.status, static_cast<unsigned>(GetParam().status));
  EXPECT_TRUE(server.lives());
}

std::string name_of(const testing::TestParamInfo<Hostile>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Framing, Head, testing::ValuesIn(kFraming), name_of);
INSTANTIATE_TEST_SUITE_P(Host, Head, testing::ValuesIn(kHosts), name_of);
INSTANTIATE_TEST_SUITE_P(Target, Head, testing::ValuesIn(kTargets), name_of);
INSTANTIATE_TEST_SUITE_P(Lines, Head, testing::ValuesIn(kLines), name_of);

TEST(OddHead, MayRepeatTheSameLength) {
  TestServer server;
  auto client = server.connect();
  client.send(with_headers("Content-Length: 3\r\nContent-Length: 3\r\n") + "abc" + get("/count"));
  EXPECT_EQ(client.read_answer().body, "abc");
  EXPECT_EQ(client.read_answer().body, "2");
}

TEST(OddHead, MayHaveAnEncodedSlash) {
  TestServer server;
  auto client = server.connect();
  EXPECT_EQ(client.ask(get("/v2/a%2fb/tags")).body, "/v2/a/b/tags\n");
}

TEST(OddHead, MayBeNearlyAsLongAsIsAllowed) {
  TestServer server;
  auto client = server.connect();
  const std::string path = "/" + std::string(8 * 1024 - 1, 'x');
  const auto filling = "X: " + std::string(7 * 1024, 'x') + "\r\n";
  EXPECT_EQ(client.ask(get(path, filling)).body, path + "\n");
}

// RFC 9112 2.2: as some clients send it behind a body.
TEST(OddHead, MayHaveAnEmptyLineBeforeIt) {
  TestServer server;
  auto client = server.connect();
  EXPECT_EQ(client.ask("\r\n" + get("/count")).body, "1");
  client.send(post("/echo", "abc") + "\r\n" + get("/count"));
  EXPECT_EQ(client.read_answer().body, "abc");
  EXPECT_EQ(client.read_answer().body, "3");
  client.send("\r\n");
  EXPECT_EQ(client.ask(get("/count")).body, "4");
}

TEST(OddHead, MayNameItsHostInManyWays) {
  TestServer server;
  auto client = server.connect();
  for (const auto* host : {"a", "a:5000", "a_b.c-d:", "127.0.0.1:80", "[::1]:5000", "a%20b"}) {
    const auto request = "GET /a HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
    EXPECT_EQ(client.ask(request).body, "/a\n") << host;
  }
}

TEST(OddHead, MayHaveAcceptOnSeveralLines) {
  TestServer server;
  auto client = server.connect();
  const auto answer =
      client.ask(get("/a", "Accept: a/b, c/d;q=0.5\r\nUser-Agent: x,y\r\naccept:e/f\r\n"));
  EXPECT_EQ(answer.body, "/a\na/b\nc/d;q=0.5\ne/f\n");
}

TEST(OddHead, MayAskForAnUpgradeInVain) {
  TestServer server;
  auto client = server.connect();
  const auto answer = client.ask(get("/a", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
  EXPECT_EQ(answer.body, "/a\n");
  EXPECT_EQ(client.ask(get("/b")).body, "/b\n");
}

TEST(OddHead, MayHaveAnUnknownMethod) {
  TestServer server;
  auto client = server.connect();
  EXPECT_EQ(client.ask("BREW /a HTTP/1.1\r\nHost: test\r\n\r\n").body, "/a\n");
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->method, "BREW");
}

// A connection's earlier request must show in nothing that is said of a later one.
TEST(OddHead, ThatIsRefusedIsNotTakenForTheOneBeforeIt) {
  TestServer server;
  auto client = server.connect();
  client.ask("HEAD /count HTTP/1.1\r\nHost: test\r\n\r\n");
  const auto answer = client.ask("garbage\r\n\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body, "");
  const auto completed = server.handler().wait_for_completed(2);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->method, "");
  EXPECT_EQ(completed->raw_target, "");
}

// What comes behind it is read for a while, or its answer would be lost with a reset.
TEST(OddHead, ThatIsRefusedDoesNotCostTheAnswerOfAClientThatGoesOn) {
  TestServer server;
  auto client = server.connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\nExpect: a miracle\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  client.send("some ");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_TRUE(client.send("body")) << "the connection was reset";
  EXPECT_EQ(client.read_answer().status, 417);
}

}  // namespace
}  // namespace registry::http
