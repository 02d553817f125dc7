#include "raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace registry::http {
namespace {

constexpr int kPatienceSeconds = 20;  // sanitizers and a busy machine are slow

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

void parse_head(Answer& answer) {
  if (!answer.head.starts_with("HTTP/1.1 ")) throw std::runtime_error("no answer: " + answer.head);
  answer.status = std::stoi(answer.head.substr(9, 3));
  auto at = answer.head.find("\r\n") + 2;
  while (at < answer.head.size() - 2) {
    const auto end = answer.head.find("\r\n", at);
    const auto colon = answer.head.find(": ", at);
    if (colon == std::string::npos || colon > end) throw std::runtime_error("no header line");
    answer.headers.emplace(lower(answer.head.substr(at, colon - at)),
                           answer.head.substr(colon + 2, end - colon - 2));
    at = end + 2;
  }
}

}  // namespace

std::string Answer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

RawClient::RawClient(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (socket_ < 0) fail("socket");
  const timeval patience{kPatienceSeconds, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (receive_buffer > 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close();
    errno = error;
    fail("connect");
  }
}

RawClient::RawClient(RawClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}

RawClient::~RawClient() {
  close();
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool RawClient::receive() {
  char block[64 * 1024];
  for (;;) {
    const auto n = ::recv(socket_, block, sizeof block, 0);
    if (n > 0) {
      received_.append(block, static_cast<std::size_t>(n));
      return true;
    }
    if (n == 0 || errno == ECONNRESET) return false;
    if (errno == EINTR) continue;
    throw std::runtime_error("nothing came for long");
  }
}

std::string RawClient::read(std::size_t length) {
  bool more = true;
  while (received_.size() < length && more) more = receive();
  const auto n = std::min(length, received_.size());
  auto bytes = received_.substr(0, n);
  received_.erase(0, n);
  return bytes;
}

std::string RawClient::read_to_end() {
  while (receive()) {
  }
  return std::exchange(received_, {});
}

Answer RawClient::read_answer(bool of_head) {
  auto end = received_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (!receive()) throw std::runtime_error("the end before a whole head: \"" + received_ + "\"");
    end = received_.find("\r\n\r\n");
  }
  Answer answer;
  answer.head = read(end + 4);
  parse_head(answer);
  if (of_head || answer.status < 200 || answer.status == 204 || answer.status == 304) return answer;
  const auto length = answer.header("content-length");
  if (length.empty()) {
    answer.body = read_to_end();
    return answer;
  }
  answer.body = read(std::stoul(length));
  if (answer.body.size() != std::stoul(length)) throw std::runtime_error("the body is cut short");
  return answer;
}

Answer RawClient::ask(std::string_view request) {
  send(request);
  return read_answer(request.starts_with("HEAD "));
}

bool RawClient::ends() {
  return received_.empty() && !receive();
}

bool RawClient::has_input() {
  pollfd readable{socket_, POLLIN, 0};
  return !received_.empty() || ::poll(&readable, 1, 0) > 0;
}

void RawClient::finish_sending() {
  ::shutdown(socket_, SHUT_WR);
}

void RawClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void RawClient::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

bool refuses_connections(std::uint16_t port) {
  try {
    const RawClient client(port);
    return false;
  } catch (const std::system_error&) {
    return true;
  }
}

std::string get(std::string_view path, std::string_view more_headers) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more_headers) +
         "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view more_headers) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more_headers) + "\r\n" + std::string(body);
}

std::string post_chunked(std::string_view path, std::string_view chunks) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
}

}  // namespace registry::http
