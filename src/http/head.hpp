#pragma once

#include <boost/beast/core/error.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "registry/http/exchange.hpp"

namespace registry::http {

namespace beast = boost::beast;

inline constexpr std::size_t kMaxHeadBytes = 16 * 1024;
inline constexpr std::size_t kMaxTargetBytes = 8 * 1024;

struct Refusal {
  unsigned status;
  std::string reason;
};

// What Beast's parser lets through and must not pass: ambiguous framing, which two servers could
// read differently (request smuggling), a missing Host, targets of other forms (RFC 9112 3.2, 6).
// `version`: as in the start line, 11 for HTTP/1.1.
std::optional<Refusal> check_head(const Request& request, int version);

std::string_view reason_phrase(unsigned status);

// What the parser says of bytes that are not HTTP; not of a connection that ended.
bool is_malformed(const beast::error_code& error);

}  // namespace registry::http
