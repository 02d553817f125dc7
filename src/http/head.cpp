#include "head.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include "registry/base/text.hpp"
#include "registry/http/target.hpp"

namespace registry::http {
namespace {

std::ptrdiff_t lines_of(const Request& request, std::string_view name) {
  return std::ranges::count_if(request.headers,
                               [&](const auto& line) { return base::iequals(line.first, name); });
}

// The last of the codings in all lines of Transfer-Encoding.
std::string_view last_coding(const Request& request) {
  std::string_view last;
  for (const auto& [name, value] : request.headers) {
    if (base::iequals(name, "Transfer-Encoding")) last = value;
  }
  last.remove_prefix(last.rfind(',') + 1);  // where there is none: nothing
  last.remove_prefix(std::min(last.find_first_not_of(" \t"), last.size()));
  return last;
}

// Whose end is not said by chunked has no end that can be found (RFC 9112 6.3).
std::optional<Refusal> check_framing(const Request& request, int version) {
  const auto codings = lines_of(request, "Transfer-Encoding");
  if (codings == 0) return std::nullopt;
  if (!base::iequals(last_coding(request), "chunked")) {
    return Refusal{400, "the last transfer coding must be chunked"};
  }
  if (codings > 1 || !base::iequals(request.header("Transfer-Encoding"), "chunked")) {
    return Refusal{501, "the only transfer coding that is understood is chunked"};
  }
  if (version < 11) return Refusal{400, "HTTP/1.0 has no transfer codings"};
  if (lines_of(request, "Content-Length") > 0) {
    return Refusal{400, "a request has a Content-Length or a Transfer-Encoding, not both"};
  }
  return std::nullopt;
}

std::optional<Refusal> check_hosts(const Request& request, int version) {
  if (lines_of(request, "Host") > 1) return Refusal{400, "there is more than one Host header"};
  const auto host = request.header("Host");
  if (version == 11 && host.empty()) return Refusal{400, "the Host header is missing"};
  if (!host.empty() && !is_host(host)) {
    return Refusal{400, "the Host header is not the name of a host, with or without a port"};
  }
  return std::nullopt;
}

std::optional<Refusal> check_target(const Request& request) {
  const std::string_view target = request.raw_target;
  if (target.size() > kMaxTargetBytes) {
    return Refusal{414, "the request's target is longer than 8 KiB"};
  }
  if (request.method == "CONNECT") {
    return Refusal{400, "there are no tunnels here"};  // whatever 2xx says, it would open one
  }
  const bool is_of_server = target == "*" && request.method == "OPTIONS";
  if (!target.starts_with('/') && !is_of_server && !parse_absolute_form(target)) {
    return Refusal{400, "the request's target must be a path, as in GET /v2/"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> check_head(const Request& request, int version) {
  if (version != 10 && version != 11) {
    return Refusal{505, "HTTP/1.1 and HTTP/1.0 are spoken here"};
  }
  if (auto refusal = check_target(request)) return refusal;
  if (auto refusal = check_hosts(request, version)) return refusal;
  const auto expectation = request.header("Expect");
  if (!expectation.empty() && !base::iequals(expectation, "100-continue")) {
    return Refusal{417, "the only expectation that is understood is 100-continue"};
  }
  return check_framing(request, version);
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
