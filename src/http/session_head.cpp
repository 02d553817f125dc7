#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>

#include "head.hpp"
#include "session.hpp"

namespace registry::http {

using beast::http::field;

// One before a request, as some clients send it behind a body (RFC 9112 2.2).
void Session::pass_over_empty_line() {
  constexpr std::string_view kEmptyLine = "\r\n";
  const auto data = buffer_.data();
  const std::string_view text(static_cast<const char*>(data.data()), data.size());
  if (text.starts_with(kEmptyLine)) buffer_.consume(kEmptyLine.size());
}

// False: there is no request to answer, or it was refused already.
net::awaitable<bool> Session::read_head() {
  begin_request();
  stream_.expires_after(server_.options_.head_timeout);
  idle_ = true;  // half a head is no request under way
  const auto error = co_await receive_head();
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

// The parser's own limit is of what it is given at once, and a head may come in many pieces.
net::awaitable<beast::error_code> Session::receive_head() {
  beast::error_code error;
  std::size_t head_bytes = 0;
  for (;;) {
    const auto used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    head_bytes += used;
    if (head_bytes > kMaxHeadBytes) co_return beast::http::error::header_limit;
    if (error != beast::http::error::need_more) co_return error;
    if (buffer_.size() + kIdleReadBytes > kMaxBufferBytes) {
      co_return beast::http::error::buffer_overflow;
    }
    const auto n = co_await stream_.async_read_some(buffer_.prepare(kIdleReadBytes),
                                                    net::redirect_error(net::use_awaitable, error));
    if (error) co_return error;
    buffer_.commit(n);
  }
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

}  // namespace registry::http
