#include "last_uses.hpp"

#include <chrono>

#include "registry/base/log.hpp"
#include "registry/base/offload.hpp"
#include "repeating.hpp"

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
  const auto load = [&] { uses.load(); };
  co_await base::offload(io, load);
  constexpr std::chrono::seconds kAtOnce{0};
  const std::function<void()> save = [&] { save_last_uses(uses, false); };
  co_await repeat(io, kAtOnce, kPause, save);
}

}  // namespace registry::app
