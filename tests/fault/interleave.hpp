#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>

#include "registry/oci/error.hpp"
#include "world.hpp"

namespace registry::fault {

// On a store that was prepared, runs `first`, and `second` as soon as the first makes its call N,
// for each N that it comes to. What `second` returns tells `check` what the client was told.
inline void interleave(const std::function<void(World&)>& prepare,
                       const std::function<void(World&)>& first,
                       const std::function<bool(World&)>& second,
                       const std::function<void(World&, bool)>& check) {
  std::size_t last = 0;
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("at call " + std::to_string(n));
    ASSERT_LT(n, 2000U);
    SimulatedFiles files;
    World world(files);
    prepare(world);
    std::future<bool> told;
    files.interrupt_call(n, [&] {
      told = std::async(std::launch::async, [&] { return second(world); });
      told.wait_for(std::chrono::milliseconds(20));
    });
    first(world);
    if (!told.valid()) break;
    check(world, told.get());
    expect_whole(world);
    if (testing::Test::HasFailure()) break;
    last = n;
  }
  EXPECT_GE(last, 10U) << "hardly a call was made: nothing was tested";
}

inline bool succeeds(const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const oci::ErrorList&) {
    return false;  // what a client is told
  }
}

}  // namespace registry::fault
