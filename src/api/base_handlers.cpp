#include "answers.hpp"
#include "handlers.hpp"
#include "registry/base/offload.hpp"

namespace registry::api {

net::awaitable<void> BaseHandlers::root(Exchange& exchange, const Match&) {
  http::Response response(200);
  response.add("Cache-Control", "no-cache");
  co_await exchange.send(std::move(response));
}

net::awaitable<void> BaseHandlers::base(Exchange& exchange, const Match&) {
  co_await exchange.send(json_answer(200, "{}"));
}

net::awaitable<void> BaseHandlers::live(Exchange& exchange, const Match&) {
  co_await exchange.send(text_answer(200, "ok\n"));
}

net::awaitable<void> BaseHandlers::ready(Exchange& exchange, const Match&) {
  const auto look = [&] { return services_.readiness.unready(); };
  const auto why = co_await base::offload(services_.io, look);
  if (!why.empty()) {
    co_await exchange.send(text_answer(503, why + '\n'));
    co_return;
  }
  // Full is not broken: pulls and deletes are to come here.
  const auto remark = services_.readiness.remark();
  co_await exchange.send(text_answer(200, remark.empty() ? "ok\n" : "ok, but " + remark + '\n'));
}

}  // namespace registry::api
