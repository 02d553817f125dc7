#include "registry/base/offload.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

namespace registry::base::detail {

net::awaitable<void> run_on(Pool& pool, const std::function<void()>& work) {
  const auto initiate = [&pool, &work](auto handler) {
    using Handler = decltype(handler);
    auto executor = net::get_associated_executor(handler);
    // Shared, as std::function must be copyable and a completion handler is not.
    auto waiting = std::make_shared<Handler>(std::move(handler));
    auto guard = net::make_work_guard(executor);
    pool.post([&work, executor, waiting = std::move(waiting), guard = std::move(guard)]() mutable {
      work();
      net::post(executor, [waiting = std::move(waiting)] { (*waiting)(); });
    });
  };
  co_await net::async_initiate<const net::use_awaitable_t<>, void()>(initiate, net::use_awaitable);
}

}  // namespace registry::base::detail
