#include "requests.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "workloads.hpp"

namespace registry::bench {

namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

}  // namespace

std::vector<Known> learn(const Server& server, const std::vector<std::string>& requests,
                         bool close) {
  std::vector<Known> all;
  Connection connection(server);
  for (const auto& text : requests) {
    const auto space = text.find(' ');
    if (space == std::string::npos) throw std::runtime_error(text + " is not METHOD PATH");
    const auto method = text.substr(0, space);
    const auto path = text.substr(space + 1);
    connection.send(request_head(server, method, path));
    const auto before = connection.bytes_taken();
    const auto head = connection.read_head();
    const auto body = method == "HEAD" ? std::string() : connection.read_body(head);
    if (head.status >= 400) expect({head, body}, 200, text);
    all.push_back({request_head(server, method, path, close ? "Connection: close\r\n" : ""),
                   head.status, connection.bytes_taken() - before - head.text.size()});
  }
  return all;
}

void RequestLoop::open(Slot& slot) {
  slot.fd = connect_to(server_.address);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &slot;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, slot.fd, &event);
}

void RequestLoop::close(Slot& slot) {
  ::close(slot.fd);
  slot.fd = -1;
}

void RequestLoop::send(Slot& slot) {
  slot.sent = Clock::now();
  if (slot.fd < 0) open(slot);
  slot.request = next_++ % known_.size();
  slot.head_bytes = 0;
  slot.received = 0;
  slot.head.clear();
  const auto& request = known_[slot.request].request;
  const auto sent = ::send(slot.fd, request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) fail(slot, "a request could not be sent");
}

void RequestLoop::fail(Slot& slot, const std::string& what) {
  failures_.add(known_[slot.request].request.substr(0, 200) + "\n" + what);
  close(slot);
}

// The head comes in one piece but for the odd answer, which is put together.
void RequestLoop::read_head(Slot& slot, std::string_view received) {
  if (!slot.head.empty()) received = slot.head.append(received);
  const auto end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (slot.head.empty()) slot.head = received;
    return;
  }
  slot.head_bytes = end + 4;
  const int status = received.size() < 12 ? 0 : std::stoi(std::string(received.substr(9, 3)));
  if (status != known_[slot.request].status) fail(slot, std::string(received.substr(0, 2000)));
}

void RequestLoop::receive(Slot& slot) {
  thread_local std::array<char, kBufferSize> buffer;
  const auto got = slot.head_bytes > 0 && !close_
                       ? ::recv(slot.fd, nullptr, 16 * kBufferSize, MSG_DONTWAIT | MSG_TRUNC)
                       : ::recv(slot.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  const auto wanted = slot.head_bytes + known_[slot.request].body_bytes;
  if (got <= 0) {
    if (close_ && got == 0 && slot.head_bytes > 0 && slot.received == wanted) {
      close(slot);
      finish(slot);
    } else {
      fail(slot, "the connection ended after " + std::to_string(slot.received) + " bytes");
    }
    return;
  }
  slot.received += static_cast<std::size_t>(got);
  if (slot.head_bytes == 0) read_head(slot, {buffer.data(), static_cast<std::size_t>(got)});
  if (slot.fd < 0 || slot.head_bytes == 0) return;
  const auto expected = slot.head_bytes + known_[slot.request].body_bytes;
  if (slot.received > expected) fail(slot, "the answer is longer than the first one was");
  if (slot.fd >= 0 && slot.received == expected && !close_) finish(slot);
}

void RequestLoop::finish(Slot& slot) {
  latencies_.add(Clock::now() - slot.sent);
}

void RequestLoop::run(unsigned connections, Clock::time_point until,
                      const std::atomic<bool>* stop) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<Slot> slots(connections);
  for (auto& slot : slots) send(slot);
  std::array<epoll_event, 64> events;
  while (Clock::now() < until && !(stop && *stop) && failures_.count() == 0) {
    const int ready = ::epoll_wait(epoll_, events.data(), events.size(), 100);
    for (int i = 0; i < ready; ++i) {
      auto& slot = *static_cast<Slot*>(events[static_cast<std::size_t>(i)].data.ptr);
      const auto done = latencies_.count();
      receive(slot);
      if (latencies_.count() > done) send(slot);
    }
  }
  for (auto& slot : slots)
    if (slot.fd >= 0) close(slot);
  ::close(epoll_);
}

Json run_requests(const Server& server, const RequestsOptions& options) {
  if (server.tls) throw std::runtime_error("small requests are timed without TLS");
  const auto known = learn(server, options.requests, options.close);
  Failures failures;
  RequestLoop loop(server, known, options.close, failures);
  const Usage usage(server.pids);
  const auto until =
      Clock::now() + std::chrono::milliseconds(static_cast<long>(options.seconds * 1000));
  loop.run(options.connections, until);
  const auto used = usage.to_json();

  Json json{{"workload", "requests"}, {"close", options.close}, {"done", loop.latencies().count()}};
  put(json, used);
  json["per_s"] = static_cast<double>(loop.latencies().count()) / used.at("seconds").get<double>();
  put(json, loop.latencies().to_json());
  put_failures(json, failures);
  return json;
}

}  // namespace registry::bench
