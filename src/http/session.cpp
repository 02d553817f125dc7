#include "session.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

#include "head.hpp"
#include "registry/base/clock.hpp"
#include "registry/base/log.hpp"
#include "registry/base/uuid.hpp"

namespace registry::http {
namespace {

using beast::http::field;
using std::chrono::steady_clock;

// Turns an endless trailer line into an error instead of an exception out of the parser.
constexpr std::size_t kMaxBufferBytes = 60 * 1024;

// What is read and thrown away, rather than close a connection that could go on.
constexpr std::uint64_t kShortBodyBytes = 256 * 1024;

}  // namespace

Session::Session(Server& server, Stream::Socket socket)
    : server_(server),
      sessions_(server.sessions_),
      stream_(std::move(socket)),
      buffer_(kMaxBufferBytes) {
  beast::error_code ignored;
  stream_.socket().set_option(net::ip::tcp::no_delay(true), ignored);  // a unix socket has none
  stream_.socket().set_option(net::socket_base::keep_alive(true), ignored);
  stream_.socket().native_non_blocking(true, ignored);  // sendfile goes past Asio
  request_.peer = to_text(stream_.socket().remote_endpoint(ignored));
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

// False: there is no request to answer, or it was refused already.
net::awaitable<bool> Session::read_head() {
  begin_request();
  stream_.expires_after(server_.options_.head_timeout);
  beast::error_code error;
  idle_ = true;  // half a head is no request under way
  co_await beast::http::async_read_header(stream_, buffer_, *parser_,
                                          net::redirect_error(net::use_awaitable, error));
  idle_ = false;
  if (error) {
    co_await refuse_head(error);
    co_return false;
  }
  fill_request();
  auto refusal = check_head(parser_->get());
  if (!refusal) refusal = read_target();
  if (!refusal) co_return true;
  co_await refuse(refusal->status, refusal->reason);
  co_return false;
}

// An absolute target says to which host, whatever the Host header says (RFC 9112 3.2.2).
std::optional<Refusal> Session::read_target() {
  if (request_.raw_target == "*" && request_.method == "OPTIONS") {
    request_.target.path = "*";
    return std::nullopt;
  }
  std::string_view text = request_.raw_target;
  if (const auto absolute = parse_absolute_form(text)) {
    request_.host = absolute->host;
    text = absolute->origin_form;
  }
  auto target = parse_target(text);
  if (!target) {
    return Refusal{400, "the request's target has a character or an escape that is not allowed"};
  }
  request_.target = std::move(*target);
  return std::nullopt;
}

// Nothing is left of the one before, for which a head that is refused could be taken.
void Session::begin_request() {
  Request fresh;
  fresh.id = base::make_uuid();
  fresh.peer = std::move(request_.peer);
  request_ = std::move(fresh);
  started_ = steady_clock::now();
  outcome_ = {};
  head_sent_ = expects_continue_ = false;
  added_lines_ = nullptr;
  waited_ = {};
  moved_ = unsent_ = 0;
  parser_.emplace();
  parser_->header_limit(kMaxHeadBytes);
  parser_->body_limit(boost::none);  // limits are for the handlers, which know what they read
  check_chunks();
}

void Session::fill_request() {
  const auto& head = parser_->get();
  request_.method = head.method_string();
  request_.raw_target = head.target();
  request_.http_1_0 = head.version() == 10;
  request_.is_tls = stream_.is_tls();
  request_.host = head[field::host];
  for (const auto& line : head) {
    request_.headers.emplace_back(std::string(line.name_string()), std::string(line.value()));
  }
  expects_continue_ = !request_.http_1_0 && head.count(field::expect) > 0 && !parser_->is_done();
}

net::awaitable<void> Session::refuse_head(const beast::error_code& error) {
  if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow) {
    const bool target_goes_on = parser_->get().target().empty();
    if (target_goes_on) co_return co_await refuse(414, "the request's target is longer than 8 KiB");
    co_return co_await refuse(431, "the request's head is longer than 16 KiB");
  }
  if (is_malformed(error)) co_await refuse(400, "the request is not HTTP: " + error.message());
  closing_ = true;
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

std::string Session::start_head(const Response& response, std::uint64_t length) {
  head_sent_ = true;
  outcome_.status = response.status();
  // Of a head that was refused the parser can say nothing, but that is closing already.
  closing_ = closing_ || !parser_->keep_alive() || !(parser_->is_done() || unread_body_is_short());
  std::string head = "HTTP/1.1 " + std::to_string(response.status()) + ' ';
  head.append(reason_phrase(response.status())).append("\r\n");
  head += response.header_lines();
  if (added_lines_ != nullptr) {
    for (const auto& [name, value] : *added_lines_) {
      if (!response.has(name)) head.append(name).append(": ").append(value).append("\r\n");
    }
  }
  head += "Date: " + base::http_date(std::chrono::system_clock::now()) + "\r\n";
  // RFC 9110 8.6: not in a 204, and a 304 has the length that a 200 would have.
  if (response.status() != 204 && response.status() != 304) {
    head += "Content-Length: " + std::to_string(length) + "\r\n";
  }
  if (closing_) {
    head += "Connection: close\r\n";
  } else if (request_.http_1_0) {
    head += "Connection: keep-alive\r\n";
  }
  return head += "\r\n";
}

bool Session::unread_body_is_short() const {
  const auto remaining = parser_->content_length_remaining();
  return !expects_continue_ && remaining && *remaining <= kShortBodyBytes;
}

// A short body that the handler did not read is skipped, so that the connection can go on.
net::awaitable<void> Session::finish_body() {
  std::array<std::byte, 4096> discarded;
  while (!parser_->is_done()) {
    const auto n = co_await read_body(discarded);
    if (n == 0) break;
  }
}

}  // namespace registry::http
