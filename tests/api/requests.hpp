#pragma once

#include "registry/http/exchange.hpp"

namespace registry::api {

inline http::Request request_with(http::HeaderLines headers) {
  http::Request request;
  request.headers = std::move(headers);
  request.host = request.header("Host");
  return request;
}

}  // namespace registry::api
