// Files on their way to clients that read quickly, slowly, not to the end, or not at all.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "test_server.hpp"

namespace registry::http {
namespace {

constexpr std::size_t kMebibyte = 1024 * 1024;
constexpr std::size_t kLarge = 20 * kMebibyte;
constexpr int kSmallBuffer = 32 * 1024;

// Bytes that differ by where they stand, also from one block to the next.
std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

TEST(SendFile, OfNoBytesSendsAHead) {
  TestServer server;
  server.handler().set_file("content");
  auto client = server.connect();
  const auto answer = client.ask(get("/file?offset=7&length=0"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-length"), "0");
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(SendFile, OfAPartSendsThatPart) {
  TestServer server;
  const auto content = pattern(3 * kMebibyte);
  server.handler().set_file(content);
  auto client = server.connect();
  EXPECT_EQ(client.ask(get("/file?offset=1&length=5")).body, content.substr(1, 5));
  EXPECT_EQ(client.ask(get("/file?offset=1500000&length=1500001")).body,
            content.substr(1'500'000, 1'500'001));
  const auto completed = server.handler().wait_for_completed(2);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.bytes_sent, 1'500'001U);
  EXPECT_EQ(client.ask(get("/count")).body, "3");
}

TEST(SendFile, ToASlowReaderSendsEachByte) {
  TestServer server;
  const auto content = pattern(kLarge);
  server.handler().set_file(content);
  auto client = server.connect(kSmallBuffer);
  client.send(get("/file?length=" + std::to_string(kLarge)));
  const auto head = client.read(1);
  ASSERT_EQ(head, "H");
  std::string rest, line;
  while (!rest.ends_with("\r\n\r\n")) rest += client.read(1);
  std::size_t at = 0;
  while (at < kLarge) {
    const auto part = client.read(kMebibyte);
    ASSERT_FALSE(part.empty());
    ASSERT_TRUE(content.compare(at, part.size(), part) == 0) << "after byte " << at;
    at += part.size();
    // Longer than the server waits on the spot, so that it has to give way and come back.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(at, kLarge);
  EXPECT_EQ(client.ask(get("/count")).body, "2");
}

TEST(SendFile, ThatIsShorterThanItWasCutsTheConnection) {
  TestServer server;
  server.handler().set_file("short");
  auto client = server.connect();
  client.send(get("/file?length=10"));
  EXPECT_TRUE(client.read_to_end().ends_with("\r\n\r\nshort"));
  EXPECT_TRUE(server.lives());
}

TEST(SendFile, SurvivesAClientThatGoesAwayInTheMiddle) {
  TestServer server;
  server.handler().set_file(pattern(kLarge));
  auto client = server.connect(kSmallBuffer);
  client.send(get("/file?length=" + std::to_string(kLarge)));
  EXPECT_EQ(client.read(100'000).size(), 100'000U);
  client.reset();
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_NE(completed->outcome.failure, "");
  EXPECT_LT(completed->outcome.bytes_sent, kLarge);
  EXPECT_TRUE(server.lives());
}

TEST(SendFile, EndsForAClientThatStopsReading) {
  TestServer server(impatient());
  server.handler().set_file(pattern(kLarge));
  auto client = server.connect(kSmallBuffer);
  client.send(get("/file?length=" + std::to_string(kLarge)));
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->outcome.failure, "the client stopped reading");
  EXPECT_LT(client.read_to_end().size(), kLarge);
  EXPECT_TRUE(server.lives());
}

TEST(Write, SurvivesAClientThatGoesAwayInTheMiddle) {
  TestServer server;
  auto client = server.connect(kSmallBuffer);
  client.send(get("/stream?length=" + std::to_string(kLarge)));
  EXPECT_EQ(client.read(100'000).size(), 100'000U);
  client.reset();
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_NE(completed->outcome.failure, "");
  EXPECT_TRUE(server.lives());
}

TEST(Write, EndsForAClientThatStopsReading) {
  TestServer server(impatient());
  auto client = server.connect(kSmallBuffer);
  client.send(get("/stream?length=" + std::to_string(kLarge)));
  const auto completed = server.handler().wait_for_completed(1);
  ASSERT_TRUE(completed);
  EXPECT_NE(completed->outcome.failure, "");
  EXPECT_LT(client.read_to_end().size(), kLarge);
  EXPECT_TRUE(server.lives());
}

}  // namespace
}  // namespace registry::http
