#include "last_uses.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "registry/base/log.hpp"
#include "registry/base/offload.hpp"

namespace registry::app {
namespace net = boost::asio;

void save_last_uses(content::LastUses& uses, bool all) {
  try {
    uses.save(all);
  } catch (const std::exception& error) {
    base::log::warn("cannot write when manifests were last pulled", {{"err", error.what()}});
  }
}

net::awaitable<void> save_last_uses_for_ever(content::LastUses& uses, base::Pool& io) {
  constexpr std::chrono::minutes kPause{1};  // what a kill may cost
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  const auto load = [&] { uses.load(); };
  co_await base::offload(io, load);
  for (;;) {
    const auto save = [&] { save_last_uses(uses, false); };
    co_await base::offload(io, save);
    timer.expires_after(kPause);
    co_await timer.async_wait(net::use_awaitable);
  }
}

}  // namespace registry::app
