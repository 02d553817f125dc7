// A scrub, with every single call to the filesystem failing, being the last one of the process, or
// being the last one before the power goes: no blob is lost, be it whole or damaged, and the next
// run does the rest.
#include "registry/maintenance/scrubber.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <future>

#include "every_call.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"
#include "support/manifests.hpp"

namespace registry::fault {
namespace {

const std::string kConfig = "the config", kGood = "a good layer", kBad = "a layer that rots",
                  kRotten = "a layer that rotS";
const std::string kImage = manifest_of({kConfig, kGood}), kHit = manifest_of({kConfig, kBad});

class Scrubber : public MaintenanceAtEveryCall {
 protected:
  std::unique_ptr<SimulatedFiles> prepared() const override {
    auto files = std::make_unique<SimulatedFiles>();
    World world(*files);
    for (const auto& blob : {kConfig, kGood, kBad}) world.push_blob(repository("a"), blob);
    world.push_manifest(repository("a"), tag("good"), kImage);
    world.push_manifest(repository("a"), tag("hit"), kHit);
    const auto data = kRoot / storage::paths::blob(oci::digest_of(kBad));
    files->open_for_write(data)->write_at(0, std::as_bytes(std::span(kRotten)));
    files->sync_filesystem(kRoot);
    return files;
  }

  // False: it came to no end.
  bool run(World& world) const override {
    try {
      maintenance::scrub(*world.driver, world.content.pins, world.content.recent, {});
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  static std::optional<std::string> in_quarantine(World& world, const std::string& blob) {
    return world.driver->get(storage::paths::quarantine(oci::digest_of(blob)), 1000);
  }
  static std::optional<std::string> in_place(World& world, const std::string& blob) {
    return world.driver->get(storage::paths::blob(oci::digest_of(blob)), 1000);
  }

  // Each is in one of the two places, as it was, and never in both.
  static void expect_nothing_lost(World& world) {
    for (const auto& blob : {kConfig, kGood, kImage, kHit, kBad}) {
      SCOPED_TRACE(blob);
      const auto& content = blob == kBad ? kRotten : blob;
      const auto here = in_place(world, blob), there = in_quarantine(world, blob);
      EXPECT_NE(here.has_value(), there.has_value());
      EXPECT_EQ(here ? *here : there.value_or("nothing"), content);
    }
  }

  static void expect_good_are_served(World& world) {
    for (const auto& blob : {kConfig, kGood, kImage, kHit}) {
      EXPECT_EQ(in_place(world, blob), blob) << "a good one was taken away";
    }
    EXPECT_TRUE(support::get(world.content.manifests, repository("a"), tag("good")));
  }

  void expect_kept(World& world) const override {
    expect_nothing_lost(world);
    expect_good_are_served(world);
  }

  // The next run does it, and a push mends it.
  void expect_recovery(SimulatedFiles& files) const override {
    World world(files);
    expect_kept(world);
    ASSERT_TRUE(run(world)) << "it cannot be done again";
    expect_good_are_served(world);
    EXPECT_EQ(in_quarantine(world, kBad), kRotten);
    EXPECT_FALSE(world.content.blobs.stat(repository("a"), oci::digest_of(kBad)));
    world.push_blob(repository("a"), kBad);
    expect_whole(world);
  }
};

TEST_F(Scrubber, FindsWhatHasRottenWhereNothingGoesWrong) {
  const auto files = prepared();
  expect_recovery(*files);
}

TEST_F(Scrubber, IsDurable) {
  const auto files = prepared();
  {
    World world(*files);
    ASSERT_TRUE(run(world));
  }
  for (const auto loss : {Loss::everything, Loss::bytes}) {
    files->lose_power(loss, 0);
    World world(*files);
    expect_nothing_lost(world);
    EXPECT_EQ(in_quarantine(world, kBad), kRotten) << "it came back";
  }
}

TEST_F(Scrubber, SurvivesAnyCallThatFails) {
  survive_any_call_that_fails({EIO, EACCES}, [](bool came_to_its_end) {
    EXPECT_TRUE(came_to_its_end) << "one that fails must not end the run";
  });
}

TEST_F(Scrubber, SurvivesAKillAtAnyCall) {
  survive_a_kill_at_any_call();
}

TEST_F(Scrubber, SurvivesAPowerLossAtAnyCall) {
  survive_a_power_loss_at_any_call();
}

// Before any of its calls; a push that has to wait for one of them goes on afterwards.
TEST_F(Scrubber, NeverTakesWhatAPushHasPutThereMeanwhile) {
  for_every_call([&](std::size_t n) {
    const auto files = prepared();
    World world(*files);
    const auto replace = [&] {
      const auto pin = world.content.pins.pin(oci::digest_of(kBad));
      world.driver->put(storage::paths::blob(oci::digest_of(kBad)), kBad,
                        storage::Survives::power_loss);
    };
    std::future<void> push;
    files->interrupt_call(n, [&] {
      push = std::async(std::launch::async, replace);
      push.wait_for(std::chrono::milliseconds(20));
    });
    run(world);
    if (!push.valid()) return false;
    push.get();
    EXPECT_EQ(in_place(world, kBad), kBad);
    return true;
  });
}

}  // namespace
}  // namespace registry::fault
