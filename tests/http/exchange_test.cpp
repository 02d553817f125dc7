#include "registry/http/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace registry::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Request request_with(std::vector<std::pair<std::string, std::string>> headers) {
  Request request;
  request.headers = std::move(headers);
  return request;
}

TEST(Request, FindsAHeaderInAnyCase) {
  const auto request = request_with({{"Content-Type", "a/b"}});
  EXPECT_EQ(request.header("content-TYPE"), "a/b");
}

TEST(Request, GivesTheFirstOfSeveralHeaders) {
  const auto request = request_with({{"X-Name", "first"}, {"x-name", "second"}});
  EXPECT_EQ(request.header("X-Name"), "first");
}

TEST(Request, GivesAnEmptyHeaderWhereThereIsNone) {
  EXPECT_EQ(request_with({{"Range", "bytes=0-"}}).header("Rang"), "");
}

TEST(Request, ListsTheElementsOfALine) {
  const auto request = request_with({{"Accept", "a/b, c/d;q=0.5 ,\te/f"}});
  EXPECT_THAT(request.header_list("accept"), ElementsAre("a/b", "c/d;q=0.5", "e/f"));
}

TEST(Request, ListsTheElementsOfSeveralLinesInOrder) {
  const auto request = request_with({{"Accept", "a/b"}, {"Range", "x,y"}, {"ACCEPT", "c/d,e/f"}});
  EXPECT_THAT(request.header_list("Accept"), ElementsAre("a/b", "c/d", "e/f"));
}

TEST(Request, LeavesEmptyElementsOut) {
  const auto request = request_with({{"Accept", ", ,a/b,, "}, {"Accept", ""}});
  EXPECT_THAT(request.header_list("Accept"), ElementsAre("a/b"));
}

TEST(Request, ListsNothingWhereThereIsNoSuchHeader) {
  EXPECT_THAT(request_with({{"Accept-Encoding", "gzip"}}).header_list("Accept"), IsEmpty());
}

TEST(Response, KeepsItsHeaderLinesInOrder) {
  Response response(202);
  response.add("Location", "/v2/").add("Range", "0-0");
  EXPECT_EQ(response.status(), 202U);
  EXPECT_EQ(response.header_lines(), "Location: /v2/\r\nRange: 0-0\r\n");
  EXPECT_EQ(response.body(), "");
}

TEST(Response, ReplacesControlCharactersInValues) {
  Response response(200);
  response.add("X", std::string_view("a\r\nb\0c\td\x7f", 9));
  EXPECT_EQ(response.header_lines(), "X: a??b?c?d?\r\n");
}

TEST(Response, LeavesOtherBytesInValues) {
  Response response(200);
  response.add("X", "gr\xc3\xbc\xc3\x9f \"e\"");
  EXPECT_EQ(response.header_lines(), "X: gr\xc3\xbc\xc3\x9f \"e\"\r\n");
}

TEST(Response, TakesABodyWithItsType) {
  Response response(200);
  response.with_body("text/plain", "body");
  EXPECT_EQ(response.body(), "body");
  EXPECT_EQ(response.header_lines(), "Content-Type: text/plain\r\n");
}

}  // namespace
}  // namespace registry::http
