#pragma once

#include "registry/http/exchange.hpp"

namespace registry::api {

// A line in the access log, and one in the application's where there is something to say.
void log_request(const http::Request& request, const http::Outcome& outcome);

}  // namespace registry::api
