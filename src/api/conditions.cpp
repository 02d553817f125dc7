#include "conditions.hpp"

#include <algorithm>

#include "answers.hpp"
#include "registry/oci/error.hpp"

namespace registry::api {
namespace {

bool names(const http::Request& request, std::string_view header,
           const std::optional<oci::Digest>& current) {
  return std::ranges::any_of(request.header_list(header), [&](std::string_view element) {
    if (element == "*") return current.has_value();
    // A weak tag is compared by If-None-Match alone (RFC 9110 8.8.3.2).
    if (header == "If-None-Match" && element.starts_with("W/")) element.remove_prefix(2);
    return current && (element == etag(*current) || element == current->str());
  });
}

}  // namespace

bool has_condition(const http::Request& request) {
  return !request.header("If-Match").empty() || !request.header("If-None-Match").empty();
}

Condition condition_of(const http::Request& request, const std::optional<oci::Digest>& current) {
  if (!request.header("If-Match").empty() && !names(request, "If-Match", current)) {
    return Condition::failed;
  }
  if (!request.header("If-None-Match").empty() && names(request, "If-None-Match", current)) {
    return Condition::not_modified;
  }
  return Condition::holds;
}

void require_condition(const http::Request& request, const std::optional<oci::Digest>& current) {
  if (condition_of(request, current) == Condition::holds) return;
  throw oci::Error(
      oci::ErrorCode::precondition_failed,
      "what is there now has " +
          (current ? "the ETag " + etag(*current) : std::string("no ETag: it is absent")) +
          ", and If-Match or If-None-Match forbids to go on");
}

}  // namespace registry::api
