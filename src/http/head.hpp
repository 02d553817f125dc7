#pragma once

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace registry::http {

inline constexpr std::size_t kMaxHeadBytes = 16 * 1024;
inline constexpr std::size_t kMaxTargetBytes = 8 * 1024;

struct Refusal {
  unsigned status;
  std::string reason;
};

// What Beast's parser lets through and must not pass: ambiguous framing, which two servers could
// read differently (request smuggling), a missing Host, targets of other forms (RFC 9112 3.2, 6).
std::optional<Refusal> check_head(const boost::beast::http::request_header<>& head);

std::string_view reason_phrase(unsigned status);

// What the parser says of bytes that are not HTTP; not of a connection that ended.
bool is_malformed(const boost::beast::error_code& error);

}  // namespace registry::http
