#include "session.hpp"

#include <boost/asio/use_awaitable.hpp>

#include "head.hpp"
#include "registry/base/clock.hpp"
#include "registry/base/log.hpp"

namespace registry::http {
namespace {

using std::chrono::steady_clock;

// What is read and thrown away, rather than close a connection that could go on.
constexpr std::uint64_t kShortBodyBytes = 256 * 1024;

}  // namespace

Session::Session(Server& server, Stream::Socket socket, const Endpoint& peer)
    : server_(server),
      sessions_(server.sessions_),
      stream_(std::move(socket)),
      buffer_(kMaxBufferBytes) {
  beast::error_code ignored;
  stream_.socket().native_non_blocking(true, ignored);  // sendfile goes past Asio
  request_.peer = to_text(peer);
}

Session::~Session() {
  sessions_->remove(this);
}

net::awaitable<void> Session::run(std::shared_ptr<Session> session) {
  try {
    co_await session->serve();
  } catch (const std::exception& error) {
    base::log::debug("connection ended", {{"peer", session->request_.peer}, {"err", error.what()}});
  }
}

net::awaitable<void> Session::serve() {
  if (server_.tls_) {
    const bool shaken = co_await start_tls();
    if (!shaken) co_return;
  }
  while (!closing_) {
    const bool awake = co_await wait_for_request();
    if (!awake) co_return;
    const bool received = co_await read_head();
    if (!received) break;
    co_await answer();
    if (!closing_) co_await finish_body();
  }
  co_await close_slowly();
}

// Nothing is left of the one before, for which a head that is refused could be taken; but its
// memory, which mostly suits the next.
void Session::begin_request() {
  request_.begin();
  started_ = steady_clock::now();
  outcome_ = {};
  head_sent_ = expects_continue_ = is_understood_ = keeps_alive_ = has_excess_ = false;
  added_lines_ = nullptr;
  waited_ = {};
  moved_ = unsent_ = 0;
  body_ = {};
  parser_.emplace(request_);
}

// Before there is a request that a handler could answer.
net::awaitable<void> Session::refuse(unsigned status, std::string reason) {
  closing_ = true;
  outcome_.failure = reason;
  Response response(status);
  response.with_body("text/plain; charset=utf-8", std::move(reason) + "\n");
  co_await send_last(std::move(response));
}

// Completes the request also where nobody is left to hear the answer.
net::awaitable<void> Session::send_last(Response response) {
  try {
    co_await send(std::move(response));
  } catch (const ConnectionLost& lost) {
    base::log::debug("answer not sent", {{"peer", request_.peer}, {"err", lost.what()}});
  }
  completed();
}

net::awaitable<void> Session::answer() {
  unsigned status = 0;  // of the answer to a failure; 0: there is none, or nobody to hear it
  try {
    co_await server_.handler_.handle(*this);
    if (!head_sent_) throw std::logic_error("the handler sent no answer");
    if (unsent_ > 0) throw std::logic_error("the handler sent less than it announced");
  } catch (const ConnectionLost& lost) {
    closing_ = true;
    outcome_.failure = lost.what();
    if (!head_sent_) outcome_.status = 499;
  } catch (const MalformedBody& malformed) {
    set_failure(malformed.what(), false);
    status = 400;
  } catch (const std::exception& error) {
    set_failure(error.what(), true);
    status = 500;
  }
  if (status == 0) co_return completed();
  closing_ = true;  // if the head is out it is too late to say so: cut the connection
  if (head_sent_) co_return completed();
  co_await send_last(Response(status));
}

void Session::completed() {
  outcome_.duration = steady_clock::now() - started_;
  try {
    server_.handler_.completed(request_, outcome_);
  } catch (const std::exception& error) {
    base::log::error("cannot log a request", {{"err", error.what()}});
  }
}

namespace {

// Of this second; each thread makes it once.
const std::string& date_line() {
  thread_local std::time_t second = 0;
  thread_local std::string line;
  const auto now = std::chrono::system_clock::now();
  const auto current = std::chrono::system_clock::to_time_t(now);
  if (current != second) {
    line = "Date: " + base::http_date(now) + "\r\n";
    second = current;
  }
  return line;
}

}  // namespace

std::string Session::start_head(const Response& response, std::uint64_t length) {
  head_sent_ = true;
  outcome_.status = response.status();
  closing_ =
      closing_ || !keeps_alive_ || has_excess_ || !(body_.is_done() || unread_body_is_short());
  constexpr std::size_t kOwnLines = 256;
  std::string head;
  head.reserve(response.header_lines().size() + kOwnLines);
  head.append("HTTP/1.1 ").append(std::to_string(response.status())).append(" ");
  head.append(reason_phrase(response.status())).append("\r\n");
  head += response.header_lines();
  if (added_lines_ != nullptr) {
    for (const auto& [name, value] : *added_lines_) {
      if (!response.has(name)) head.append(name).append(": ").append(value).append("\r\n");
    }
  }
  head.append(date_line());
  // RFC 9110 8.6: not in a 204, and a 304 has the length that a 200 would have.
  if (response.status() != 204 && response.status() != 304) {
    head.append("Content-Length: ").append(std::to_string(length)).append("\r\n");
  }
  if (closing_) {
    head += "Connection: close\r\n";
  } else if (request_.http_1_0) {
    head += "Connection: keep-alive\r\n";
  }
  return head += "\r\n";
}

bool Session::unread_body_is_short() const {
  const auto remaining = body_.remaining();
  return !expects_continue_ && remaining && *remaining <= kShortBodyBytes;
}

// A short body that the handler did not read is skipped, so that the connection can go on.
net::awaitable<void> Session::finish_body() {
  std::array<std::byte, 4096> discarded;
  while (!body_.is_done()) {
    const auto n = co_await read_body(discarded);
    if (n == 0) break;
  }
}

}  // namespace registry::http
