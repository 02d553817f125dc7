#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "world.hpp"

namespace registry::fault {

// Calls `body` with each N in turn, until it says that fewer calls than that were made; at least
// `least` of them, or nothing was tested.
template <class Body>
void for_every_call(std::size_t least, Body body) {
  std::size_t last_call = 0;
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("at call " + std::to_string(n));
    ASSERT_LT(n, 2000U);
    const bool reached = body(n);
    if (!reached || testing::Test::HasFailure()) break;
    last_call = n;
  }
  EXPECT_GE(last_call, least) << "hardly a call was made: nothing was tested";
}

// What goes over a whole store, with every single call to the filesystem failing, being the last
// one of the process, or being the last one before the power goes.
class MaintenanceAtEveryCall : public testing::Test {
 protected:
  static constexpr std::size_t kLeastCalls = 20;

  virtual std::unique_ptr<SimulatedFiles> prepared() const = 0;
  // False: it came to no end.
  virtual bool run(World& world) const = 0;
  // Whatever was done of it.
  virtual void expect_kept(World& world) const = 0;
  // Another process finds the store whole, and does the rest.
  virtual void expect_recovery(SimulatedFiles& files) const = 0;

  template <class Body>
  static void for_every_call(Body body) {
    fault::for_every_call(kLeastCalls, body);
  }

  template <class ComeBack>
  void survive_an_end_at_any_call(ComeBack come_back) const {
    for_every_call([&](std::size_t n) {
      const auto files = prepared();
      std::size_t calls = 0;
      {
        World world(*files);
        files->crash_at_call(n);
        run(world);
        calls = files->calls();
        files->crash_now();
      }
      come_back(*files);
      expect_recovery(*files);
      return calls >= n;
    });
  }

  void survive_a_kill_at_any_call() const {
    survive_an_end_at_any_call([](SimulatedFiles& files) { files.restart(); });
  }

  void survive_a_power_loss_at_any_call() const {
    constexpr unsigned kSeeds = 2;
    for (const auto loss : {Loss::everything, Loss::bytes, Loss::by_chance}) {
      for (unsigned seed = 0; seed < (loss == Loss::by_chance ? kSeeds : 1); ++seed) {
        SCOPED_TRACE("loss " + std::to_string(static_cast<int>(loss)) + " seed " +
                     std::to_string(seed));
        survive_an_end_at_any_call([&](SimulatedFiles& files) { files.lose_power(loss, seed); });
      }
    }
  }

  // `check` is given what `run` returned.
  template <class Check>
  void survive_any_call_that_fails(std::initializer_list<int> errors, Check check) const {
    for (const int error : errors) {
      SCOPED_TRACE("error " + std::to_string(error));
      for_every_call([&](std::size_t n) {
        const auto files = prepared();
        std::size_t calls = 0;
        {
          World world(*files);
          files->fail_call(n, error);
          check(run(world));
          calls = files->calls();
          files->restart();
          expect_kept(world);
        }
        files->lose_power(Loss::everything, 0);
        expect_recovery(*files);
        return calls >= n;
      });
    }
  }
};

}  // namespace registry::fault
