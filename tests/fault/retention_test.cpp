// Retention, with every single call to the filesystem failing, or being the last one of the
// process, also before the power goes: what stays is whole, and the next run removes the rest.
#include "registry/maintenance/retention.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "every_call.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"
#include "support/manifests.hpp"

namespace registry::fault {
namespace {

const std::string kShared = "the config", kOld = "an old layer", kNow = "a layer of now";
const std::string kOldImage = manifest_of({kShared, kOld}), kImage = manifest_of({kShared, kNow});
const std::string kReferrer = referrer_of(oci::digest_of(kOldImage), {kShared});

class Retention : public MaintenanceAtEveryCall {
 protected:
  // Two tags, and what refers to the manifest of the first.
  std::unique_ptr<SimulatedFiles> prepared() const override {
    auto files = std::make_unique<SimulatedFiles>();
    World world(*files);
    for (const auto& blob : {kShared, kOld, kNow}) world.push_blob(repository("a"), blob);
    world.push_manifest(repository("a"), tag("old"), kOldImage);
    world.push_manifest(repository("a"), oci::digest_of(kReferrer), kReferrer);
    world.push_manifest(repository("a"), tag("now"), kImage);
    return files;
  }

  // In its own process. False: it did not see the end of it.
  bool run(World& world) const override {
    config::Retention rules;
    rules.rules.resize(1);
    rules.rules[0].repositories = {repository("a").str()};
    rules.rules[0].keep = {{"now"}, {}, {}, {}};
    maintenance::RetentionRun run;
    run.alone = true;
    try {
      const auto retained = maintenance::apply_retention(world.content, *world.driver, rules, run,
                                                         [](const auto&) {});
      world.content.uses.save(true);
      return retained.unreadable == 0;
    } catch (const std::exception&) {
      return false;
    }
  }

  static bool has(World& world, const content::Reference& reference) {
    return support::get(world.content.manifests, repository("a"), reference).has_value();
  }
  void expect_kept(World& world) const override {
    expect_whole(world);
    EXPECT_TRUE(has(world, tag("now")));
    EXPECT_TRUE(!has(world, tag("old")) || has(world, oci::digest_of(kReferrer)));
  }
  void expect_done(World& world) const {
    expect_kept(world);
    EXPECT_FALSE(has(world, tag("old")));
  }

  void expect_recovery(SimulatedFiles& files) const override {
    World world(files);
    expect_kept(world);
    ASSERT_TRUE(run(world)) << "it cannot be done again";
    expect_done(world);
  }
};

TEST_F(Retention, RemovesWhereNothingGoesWrong) {
  const auto files = prepared();
  World world(*files);
  ASSERT_TRUE(run(world));
  expect_done(world);
  EXPECT_FALSE(has(world, oci::digest_of(kOldImage)));
  EXPECT_FALSE(has(world, oci::digest_of(kReferrer)));
}

TEST_F(Retention, SurvivesAnyCallThatFails) {
  survive_any_call_that_fails({EIO, EACCES, ENOSPC}, [](bool) {});
}

TEST_F(Retention, SurvivesAKillAtAnyCall) {
  survive_a_kill_at_any_call();
}

TEST_F(Retention, SurvivesAPowerLossAtAnyCall) {
  survive_a_power_loss_at_any_call();
}

}  // namespace
}  // namespace registry::fault
