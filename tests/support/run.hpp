#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <type_traits>

namespace registry::support {

// Runs a coroutine to its end on an event loop of its own, and returns or throws what it does.
template <class T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context io;
  std::exception_ptr failure;
  const auto keep_failure = [&](std::exception_ptr thrown) { failure = thrown; };
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(io, std::move(work), keep_failure);
    io.run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> result;  // co_spawn itself wants a T that can be made of nothing
    const auto keep_result = [&]() -> boost::asio::awaitable<void> {
      result.emplace(co_await std::move(work));
    };
    boost::asio::co_spawn(io, keep_result, keep_failure);
    io.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
}

}  // namespace registry::support
