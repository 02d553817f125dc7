#pragma once

#include <optional>

#include "registry/http/exchange.hpp"
#include "registry/oci/digest.hpp"

namespace registry::api {

// What If-Match and If-None-Match say of the content that is there now (RFC 9110 13.1, 13.2.2). An
// entity tag is the digest, in quotes; without them it is taken as well, as 2.8's clients send it.
enum class Condition { holds, not_modified, failed };

// `current`: nullopt where there is nothing.
Condition condition_of(const http::Request& request, const std::optional<oci::Digest>& current);
bool has_condition(const http::Request& request);

// Throws Error(precondition_failed) unless the condition holds, for what changes something.
void require_condition(const http::Request& request, const std::optional<oci::Digest>& current);

}  // namespace registry::api
