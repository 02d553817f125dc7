// Garbage collection, with every single call to the filesystem failing, being the last one of the
// process, or being the last one before the power goes: what stays is whole, and the next run
// removes the rest.
#include "registry/maintenance/garbage_collector.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "every_call.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"
#include "support/manifests.hpp"

namespace registry::fault {
namespace {

const std::string kShared = "the config", kOld = "an old layer", kNow = "a layer of now",
                  kGarbage = "no manifest names this";
const std::string kOldImage = manifest_of({kShared, kOld}), kImage = manifest_of({kShared, kNow});

class Collector : public MaintenanceAtEveryCall {
 protected:
  // A tag that was moved, a blob that two repositories share, and blobs that none needs.
  std::unique_ptr<SimulatedFiles> prepared() const override {
    auto files = std::make_unique<SimulatedFiles>();
    World world(*files);
    for (const auto& blob : {kShared, kOld, kNow, kGarbage}) {
      world.push_blob(repository("a"), blob);
    }
    world.push_manifest(repository("a"), tag("latest"), kOldImage);
    world.push_manifest(repository("a"), tag("latest"), kImage);
    for (const auto& blob : {kShared, kOld}) world.push_blob(repository("b"), blob);
    world.push_manifest(repository("b"), tag("old"), kOldImage);
    world.push_blob(repository("c"), kNow);
    return files;
  }

  // False: it came to no end. In its own process, as it runs offline.
  bool run(World& world) const override {
    try {
      maintenance::collect_garbage(world.content, *world.driver, {.delete_untagged = true},
                                   [](const std::string&) {});
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  // Whatever was removed of the rest.
  void expect_kept(World& world) const override {
    expect_whole(world);
    const auto image = support::get(world.content.manifests, repository("a"), tag("latest"));
    ASSERT_TRUE(image);
    EXPECT_EQ(image->content, kImage);
    const auto old = support::get(world.content.manifests, repository("b"), tag("old"));
    ASSERT_TRUE(old);
    EXPECT_EQ(old->content, kOldImage);
  }

  void expect_collected(World& world) const {
    expect_kept(world);
    EXPECT_FALSE(support::get(world.content.manifests, repository("a"), oci::digest_of(kOldImage)));
    EXPECT_FALSE(world.driver->stat(storage::paths::blob(oci::digest_of(kGarbage))));
    for (const auto& [name, blob] : {std::pair("a", kGarbage), {"a", kOld}, {"c", kNow}}) {
      const auto link = storage::paths::layer_link(repository(name), oci::digest_of(blob));
      EXPECT_FALSE(world.driver->stat(link)) << link;
    }
  }

  void expect_recovery(SimulatedFiles& files) const override {
    World world(files);
    expect_kept(world);
    ASSERT_TRUE(run(world)) << "it cannot be done again";
    expect_collected(world);
  }
};

TEST_F(Collector, CollectsWhereNothingGoesWrong) {
  const auto files = prepared();
  World world(*files);
  ASSERT_TRUE(run(world));
  expect_collected(world);
}

TEST_F(Collector, IsDurableOnceItsBlobsAreGone) {
  const auto files = prepared();
  {
    World world(*files);
    ASSERT_TRUE(run(world));
  }
  for (const auto loss : {Loss::everything, Loss::bytes}) {
    files->lose_power(loss, 0);
    World world(*files);
    expect_kept(world);
    const auto link = storage::paths::layer_link(repository("a"), oci::digest_of(kGarbage));
    EXPECT_FALSE(world.driver->stat(link)) << "a link came back to a blob that is gone";
  }
}

TEST_F(Collector, SurvivesAnyCallThatFails) {
  survive_any_call_that_fails({EIO, EACCES}, [](bool) {});
}

TEST_F(Collector, SurvivesAKillAtAnyCall) {
  survive_a_kill_at_any_call();
}

TEST_F(Collector, SurvivesAPowerLossAtAnyCall) {
  survive_a_power_loss_at_any_call();
}

}  // namespace
}  // namespace registry::fault
