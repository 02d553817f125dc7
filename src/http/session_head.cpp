#include <boost/beast/http/error.hpp>

#include "head.hpp"
#include "session.hpp"

namespace registry::http {
namespace {
constexpr std::size_t kUsualHeadBytes = 2048;
}

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
  expires_after(server_.options_.head_timeout);
  idle_ = true;  // half a head is no request under way
  const auto error = co_await receive_head();
  idle_ = false;
  if (error) {
    co_await refuse_head(error);
    co_return false;
  }
  auto refusal = check_head(request_, parser_->version());
  if (!refusal) refusal = read_target();
  if (!refusal) {
    begin_body_of_request();
    co_return true;
  }
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
    head_is_long_ = head_is_long_ || head_bytes > kUsualHeadBytes;
    if (head_bytes > kMaxHeadBytes) co_return beast::http::error::header_limit;
    if (error != beast::http::error::need_more) co_return error;
    if (buffer_.size() + kIdleReadBytes > kMaxBufferBytes) {
      co_return beast::http::error::buffer_overflow;
    }
    error = co_await read_more();
    if (error) co_return error;
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

void Session::begin_body_of_request() {
  request_.is_tls = stream_.is_tls();
  if (request_.host.empty()) request_.host = request_.header("Host");
  is_understood_ = true;
  keeps_alive_ = parser_->keep_alive();
  const auto length = parser_->content_length();
  announced_.reset();
  if (!parser_->chunked()) announced_ = length ? *length : 0;  // a GET has none
  body_ = announced_ ? BodyDecoder::of_length(*announced_) : BodyDecoder::in_chunks();
  expects_continue_ = !request_.http_1_0 && !body_.is_done() && !request_.header("Expect").empty();
}

net::awaitable<void> Session::refuse_head(const beast::error_code& error) {
  request_.headers.clear();
  if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow) {
    const bool target_goes_on = request_.raw_target.empty();
    if (target_goes_on) co_return co_await refuse(414, "the request's target is longer than 8 KiB");
    co_return co_await refuse(431, "the request's head is longer than 16 KiB");
  }
  if (is_malformed(error)) co_await refuse(400, "the request is not HTTP: " + error.message());
  closing_ = true;
}

}  // namespace registry::http
