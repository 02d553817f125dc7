#include "answers.hpp"
#include "handlers.hpp"
#include "registry/base/offload.hpp"

namespace registry::api {
namespace {

constexpr std::size_t kLargest = 100;  // repositories

}  // namespace

// As it was last counted; how full the store is, as it is now.
net::awaitable<void> UsageHandlers::store(Exchange& exchange, const Match&) {
  std::string body;
  const auto write = [&] {
    const auto usage = services_.usage.latest();
    const auto volume = services_.content.reservations.fullness();
    body = maintenance::usage_document(usage.get(), volume, kLargest);
  };
  co_await base::offload(services_.io, write);
  co_await exchange.send(fresh_json_answer(200, std::move(body)));
}

}  // namespace registry::api
