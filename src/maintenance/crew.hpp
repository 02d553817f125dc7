#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <latch>

#include "registry/base/pool.hpp"

namespace registry::maintenance {

// Some threads that do what has no order. Used by one thread, which is one of them.
class Crew {
 public:
  explicit Crew(std::size_t threads)
      : helpers_(std::max<std::size_t>(threads, 1) - 1), pool_("collect", helpers_) {}

  // Calls `work`, which must not throw, with each number below `count`.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
    constexpr std::size_t kAtOnce = 16;
    std::atomic<std::size_t> next = 0;
    const auto do_some = [&] {
      for (std::size_t begin; (begin = next.fetch_add(kAtOnce)) < count;) {
        for (auto i = begin; i < std::min(begin + kAtOnce, count); ++i) work(i);
      }
    };
    const auto helpers = std::min(helpers_, count / (2 * kAtOnce));
    std::latch done(static_cast<std::ptrdiff_t>(helpers));
    for (std::size_t i = 0; i < helpers; ++i) {
      pool_.post([&] {
        do_some();
        done.count_down();
      });
    }
    do_some();
    done.wait();
  }

 private:
  const std::size_t helpers_;
  base::Pool pool_;
};

}  // namespace registry::maintenance
