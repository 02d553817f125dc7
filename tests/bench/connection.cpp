#include "connection.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace registry::bench {

namespace {

constexpr std::size_t kReadSize = 64 * 1024;
constexpr std::size_t kDiscardSize = 1024 * 1024;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

SSL_CTX* tls_context() {
  static SSL_CTX* const kContext = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    // Go's order, which is that of dockerd and containerd; servers follow the client's.
    SSL_CTX_set_ciphersuites(made, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
    SSL_CTX_set_mode(made, SSL_MODE_AUTO_RETRY);
    return made;
  }();
  return kContext;
}

std::string_view header(std::string_view head, std::string_view lower_case_name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (auto at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at)) {
    at += 2;
    const auto line = head.substr(at, head.find("\r\n", at) - at);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (!std::ranges::equal(line.substr(0, colon), lower_case_name, {}, lower)) continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    return value == std::string_view::npos ? std::string_view{} : line.substr(value);
  }
  return {};
}

}  // namespace

sockaddr_in parse_address(const std::string& host) {
  const auto colon = host.find(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == std::string::npos ||
      inet_pton(AF_INET, host.substr(0, colon).c_str(), &address.sin_addr) != 1)
    throw std::runtime_error(host + " is not an IPv4 address with a port");
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(host.substr(colon + 1))));
  return address;
}

int connect_to(const sockaddr_in& address, int receive_buffer) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  if (receive_buffer > 0)
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(fd);
    errno = error;
    fail("connect");
  }
  return fd;
}

Head parse_head(std::string_view text) {
  Head head;
  head.text = text;
  if (text.size() < 12 || !text.starts_with("HTTP/1."))
    throw std::runtime_error("not an answer: " + head.text);
  std::from_chars(text.data() + 9, text.data() + 12, head.status);
  const auto length = header(text, "content-length");
  std::from_chars(length.data(), length.data() + length.size(), head.length);
  head.chunked = header(text, "transfer-encoding") == "chunked";
  head.location = header(text, "location");
  const auto link = header(text, "link");
  if (link.starts_with('<')) head.next = link.substr(1, link.find('>') - 1);
  return head;
}

MemoryFile::MemoryFile(std::string_view content) : fd_(::memfd_create("bench", MFD_CLOEXEC)) {
  if (fd_ < 0 || ::ftruncate(fd_, static_cast<off_t>(content.size())) != 0) fail("memfd_create");
  if (content.empty()) return;
  void* const mapped = ::mmap(nullptr, content.size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (mapped == MAP_FAILED) fail("mmap");
  std::memcpy(mapped, content.data(), content.size());
  content_ = {static_cast<const char*>(mapped), content.size()};
}

MemoryFile::~MemoryFile() {
  if (!content_.empty()) ::munmap(const_cast<char*>(content_.data()), content_.size());
  ::close(fd_);
}

Connection::Connection(const Server& server, int receive_buffer)
    : server_(server), socket_(connect_to(server.address, receive_buffer)) {
  if (!server.tls) return;
  tls_.reset(SSL_new(tls_context()));
  SSL_set_fd(tls_.get(), socket_);
  if (SSL_connect(tls_.get()) != 1) throw std::runtime_error("the TLS handshake failed");
}

Connection::~Connection() {
  ::close(socket_);
}

void Connection::send(std::string_view bytes, bool more) {
  while (!bytes.empty()) {
    const auto sent =
        tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
             : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (sent <= 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Connection::send_file(const MemoryFile& file, std::size_t offset, std::size_t length) {
  constexpr std::size_t kPiece = 1024 * 1024;
  const auto end = offset + length;
  auto at = static_cast<off_t>(offset);
  while (static_cast<std::size_t>(at) < end) {
    const auto left = end - static_cast<std::size_t>(at);
    if (tls_) {
      const auto piece = std::min(left, kPiece);
      send(file.content().substr(static_cast<std::size_t>(at), piece));
      at += static_cast<off_t>(piece);
    } else if (::sendfile(socket_, file.fd(), &at, left) <= 0) {
      fail("sendfile");
    }
  }
}

void Connection::give(double seconds) {
  timeval time{};
  time.tv_sec = static_cast<time_t>(std::max(seconds, 0.0));
  time.tv_usec = 1000;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

std::size_t Connection::receive(char* to, std::size_t most, int flags) {
  const auto got =
      tls_ ? SSL_read(tls_.get(), to, static_cast<int>(most)) : ::recv(socket_, to, most, flags);
  if (got < 0) fail("receive");
  if (got == 0) throw std::runtime_error("the server closed the connection");
  bytes_read_ += static_cast<std::size_t>(got);
  return static_cast<std::size_t>(got);
}

void Connection::fill() {
  const auto had = buffer_.size();
  buffer_.resize(had + kReadSize);
  const auto got = receive(buffer_.data() + had, kReadSize, 0);
  buffer_.resize(had + got);
}

std::string Connection::take(std::size_t bytes) {
  while (buffer_.size() < bytes) fill();
  auto taken = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return taken;
}

std::string Connection::take_line() {
  auto end = buffer_.find("\r\n");
  for (; end == std::string::npos; end = buffer_.find("\r\n")) fill();
  return take(end + 2);
}

Head Connection::read_head() {
  auto end = buffer_.find("\r\n\r\n");
  for (; end == std::string::npos; end = buffer_.find("\r\n\r\n")) fill();
  auto head = parse_head(take(end + 4));
  return head.status == 100 ? read_head() : head;
}

std::string Connection::read_body(const Head& head) {
  if (!head.chunked) return take(head.length);
  std::string body;
  while (true) {
    const auto size = std::stoul(take_line(), nullptr, 16);
    if (size == 0) break;
    body += take(size);
    take(2);
  }
  take(2);
  return body;
}

void Connection::discard_body(const Head& head) {
  if (head.chunked) {
    read_body(head);
    return;
  }
  auto left = head.length;
  while (left > 0) left -= discard_some(left);
}

std::size_t Connection::discard_some(std::size_t most) {
  if (!buffer_.empty()) {
    const auto taken = std::min(buffer_.size(), most);
    buffer_.erase(0, taken);
    return taken;
  }
  if (!tls_) return receive(nullptr, std::min(most, kDiscardSize), MSG_TRUNC);
  std::array<char, 16 * 1024> scratch;  // a TLS record, which is what one read gives at most
  return receive(scratch.data(), std::min(most, scratch.size()), 0);
}

Answer Connection::ask(std::string_view method, std::string_view path, std::string_view headers,
                       std::string_view body) {
  auto all = std::string(headers);
  if (method == "POST" || method == "PUT")
    all += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  send(request_head(server_, method, path, all).append(body));
  Answer answer{read_head(), {}};
  if (method != "HEAD") answer.body = read_body(answer.head);
  return answer;
}

std::string request_head(const Server& server, std::string_view method, std::string_view path,
                         std::string_view headers) {
  std::string head;
  head.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(server.host);
  return head.append("\r\n").append(kAccept).append(headers).append("\r\n");
}

void expect(const Answer& answer, int status, std::string_view what) {
  if (answer.head.status == status) return;
  throw std::runtime_error(std::string(what) + " got, instead of " + std::to_string(status) +
                           ":\n" + answer.head.text + answer.body.substr(0, 1000));
}

}  // namespace registry::bench
