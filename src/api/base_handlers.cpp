#include "answers.hpp"
#include "handlers.hpp"

namespace registry::api {

net::awaitable<void> BaseHandlers::root(Exchange& exchange, const Match&) {
  http::Response response(200);
  response.add("Cache-Control", "no-cache");
  co_await exchange.send(std::move(response));
}

net::awaitable<void> BaseHandlers::base(Exchange& exchange, const Match&) {
  co_await exchange.send(json_answer(200, "{}"));
}

}  // namespace registry::api
