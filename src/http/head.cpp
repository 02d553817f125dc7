#include "head.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include "registry/base/text.hpp"
#include "registry/http/target.hpp"

namespace registry::http {
namespace beast = boost::beast;
using beast::http::field;

namespace {

// The last of the codings in all lines of Transfer-Encoding.
std::string_view last_coding(const beast::http::request_header<>& head) {
  std::string_view last;
  const auto [begin, end] = head.equal_range(field::transfer_encoding);
  for (auto line = begin; line != end; ++line) last = {line->value().data(), line->value().size()};
  last.remove_prefix(last.rfind(',') + 1);  // where there is none: nothing
  last.remove_prefix(std::min(last.find_first_not_of(" \t"), last.size()));
  return last;
}

// Whose end is not said by chunked has no end that can be found (RFC 9112 6.3).
std::optional<Refusal> check_framing(const beast::http::request_header<>& head) {
  const auto codings = head.count(field::transfer_encoding);
  if (codings == 0) return std::nullopt;
  if (!base::iequals(last_coding(head), "chunked")) {
    return Refusal{400, "the last transfer coding must be chunked"};
  }
  if (codings > 1 || !base::iequals(head[field::transfer_encoding], "chunked")) {
    return Refusal{501, "the only transfer coding that is understood is chunked"};
  }
  if (head.version() < 11) return Refusal{400, "HTTP/1.0 has no transfer codings"};
  if (head.count(field::content_length) > 0) {
    return Refusal{400, "a request has a Content-Length or a Transfer-Encoding, not both"};
  }
  return std::nullopt;
}

std::optional<Refusal> check_hosts(const beast::http::request_header<>& head) {
  const auto lines = head.count(field::host);
  if (lines > 1) return Refusal{400, "there is more than one Host header"};
  const std::string_view host(head[field::host].data(), head[field::host].size());
  if (head.version() == 11 && host.empty()) return Refusal{400, "the Host header is missing"};
  if (!host.empty() && !is_host(host)) {
    return Refusal{400, "the Host header is not the name of a host, with or without a port"};
  }
  return std::nullopt;
}

std::optional<Refusal> check_target(const beast::http::request_header<>& head) {
  const std::string_view target(head.target().data(), head.target().size());
  if (target.size() > kMaxTargetBytes) {
    return Refusal{414, "the request's target is longer than 8 KiB"};
  }
  if (head.method() == beast::http::verb::connect) {
    return Refusal{400, "there are no tunnels here"};  // whatever 2xx says, it would open one
  }
  const bool is_of_server = target == "*" && head.method() == beast::http::verb::options;
  if (!target.starts_with('/') && !is_of_server && !parse_absolute_form(target)) {
    return Refusal{400, "the request's target must be a path, as in GET /v2/"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> check_head(const beast::http::request_header<>& head) {
  if (head.version() != 10 && head.version() != 11) {
    return Refusal{505, "HTTP/1.1 and HTTP/1.0 are spoken here"};
  }
  if (auto refusal = check_target(head)) return refusal;
  if (auto refusal = check_hosts(head)) return refusal;
  const auto expectation = head[field::expect];
  if (!expectation.empty() && !base::iequals(expectation, "100-continue")) {
    return Refusal{417, "the only expectation that is understood is 100-continue"};
  }
  return check_framing(head);
}

bool is_malformed(const beast::error_code& error) {
  return error.category() ==
             beast::http::make_error_code(beast::http::error::bad_target).category() &&
         error != beast::http::error::end_of_stream && error != beast::http::error::partial_message;
}

std::string_view reason_phrase(unsigned status) {
  if (status == 431) return "Request Header Fields Too Large";
  return beast::http::obsolete_reason(static_cast<beast::http::status>(status));
}

}  // namespace registry::http
