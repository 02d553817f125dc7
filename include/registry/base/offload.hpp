#pragma once

#include <boost/asio/awaitable.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>

#include "registry/base/pool.hpp"

namespace registry::base {

namespace net = boost::asio;

namespace detail {
// Runs `work` on `pool` and resumes the caller on its own executor. `work` must not throw.
net::awaitable<void> run_on(Pool& pool, const std::function<void()>& work);
}  // namespace detail

// Runs the blocking `fn` on `pool`; resumes the caller on its own executor with the result or the
// exception. Not cancellable: what `fn` refers to must outlive the co_await, as the awaiting frame
// does. `fn` is a `[&]` lambda: gcc 12 destroys captures with destructors twice.
template <class F>
  requires std::is_trivially_destructible_v<F>
net::awaitable<std::invoke_result_t<F&>> offload(Pool& pool, F fn) {
  using Result = std::invoke_result_t<F&>;
  std::exception_ptr failure;
  if constexpr (std::is_void_v<Result>) {
    const std::function<void()> work = [&] {
      try {
        fn();
      } catch (...) {
        failure = std::current_exception();
      }
    };
    co_await detail::run_on(pool, work);
    if (failure) std::rethrow_exception(failure);
    co_return;
  } else {
    std::optional<Result> result;
    const std::function<void()> work = [&] {
      try {
        result.emplace(fn());
      } catch (...) {
        failure = std::current_exception();
      }
    };
    co_await detail::run_on(pool, work);
    if (failure) std::rethrow_exception(failure);
    co_return std::move(*result);
  }
}

}  // namespace registry::base
