#include "debug_handler.hpp"

#include <nlohmann/json.hpp>

#include "registry/base/log.hpp"

namespace registry::app {

net::awaitable<void> DebugHandler::handle(http::Exchange& exchange) {
  co_await exchange.send(answer(exchange.request()));
}

http::Response DebugHandler::answer(const http::Request& request) {
  const auto& path = request.target.path;
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (is_read && path == "/debug/health") {
    auto said = health_.failures();
    http::Response response(said.empty() ? 200 : 503);
    if (auto remark = health_.remark(); !remark.empty()) said["capacity"] = std::move(remark);
    response.with_body("application/json; charset=utf-8",
                       said.empty() ? "{}" : nlohmann::json(said).dump());
    return response;
  }
  http::Response response(200);
  if (is_read && !metrics_path_.empty() && path == metrics_path_) {
    return response.with_body(base::Metrics::kContentType, metrics_.text());
  }
  return http::Response(404).with_body("text/plain; charset=utf-8", "404 page not found\n");
}

void DebugHandler::completed(const http::Request& request, const http::Outcome& outcome) {
  base::log::debug("debug server", {{"http.request.method", request.method},
                                    {"http.request.uri", request.raw_target},
                                    {"http.response.status", std::to_string(outcome.status)}});
}

}  // namespace registry::app
