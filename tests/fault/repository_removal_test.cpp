// The delete of a repository, with every single call to the filesystem failing, or being the last
// one of the process, also before the power goes: what stays is whole, and to delete it again
// removes the rest.
#include "registry/maintenance/repository_removal.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "every_call.hpp"
#include "registry/oci/hasher.hpp"
#include "support/manifests.hpp"

namespace registry::fault {
namespace {

const std::string kShared = "the config", kLayer = "a layer";
const std::string kImage = manifest_of({kShared, kLayer}), kChild = manifest_of({kShared});
const std::string kIndex =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{)"
    R"("mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
    oci::digest_of(kChild).str() + R"(","size":)" + std::to_string(kChild.size()) + "}]}";
const std::string kReferrer = referrer_of(oci::digest_of(kImage), {kShared});

class RepositoryRemoval : public MaintenanceAtEveryCall {
 protected:
  std::unique_ptr<SimulatedFiles> prepared() const override {
    auto files = std::make_unique<SimulatedFiles>();
    World world(*files);
    for (const auto* name : {"a", "b"}) {
      for (const auto& blob : {kShared, kLayer}) world.push_blob(repository(name), blob);
      world.push_manifest(repository(name), tag("v1"), kImage);
    }
    world.push_manifest(repository("a"), oci::digest_of(kChild), kChild);
    world.push_manifest(repository("a"), tag("all"), kIndex);
    world.push_manifest(repository("a"), oci::digest_of(kReferrer), kReferrer);
    return files;
  }

  bool run(World& world) const override {
    try {
      const auto removed =
          maintenance::remove_repository(world.content, *world.driver, repository("a"));
      return removed && removed->kept == 0;
    } catch (const std::exception&) {
      return false;
    }
  }

  static bool has(World& world, const content::Reference& reference, const char* name = "a") {
    return support::get(world.content.manifests, repository(name), reference).has_value();
  }
  void expect_kept(World& world) const override {
    expect_whole(world);
    EXPECT_TRUE(has(world, tag("v1"), "b"));
    EXPECT_TRUE(!has(world, oci::digest_of(kIndex)) || has(world, oci::digest_of(kChild)));
  }
  void expect_done(World& world) const {
    expect_kept(world);
    for (const auto& content : {kImage, kChild, kIndex, kReferrer}) {
      EXPECT_FALSE(has(world, oci::digest_of(content))) << content;
    }
  }

  // What is read is promised, and would stay: so it is done again by another process.
  void expect_recovery(SimulatedFiles& files) const override {
    {
      World world(files);
      expect_kept(world);
    }
    World world(files);
    ASSERT_TRUE(run(world)) << "it cannot be done again";
    expect_done(world);
  }
};

TEST_F(RepositoryRemoval, RemovesWhereNothingGoesWrong) {
  const auto files = prepared();
  World world(*files);
  ASSERT_TRUE(run(world));
  expect_done(world);
}

TEST_F(RepositoryRemoval, SurvivesAnyCallThatFails) {
  survive_any_call_that_fails({EIO, EACCES, ENOSPC}, [](bool) {});
}

TEST_F(RepositoryRemoval, SurvivesAKillAtAnyCall) {
  survive_a_kill_at_any_call();
}

TEST_F(RepositoryRemoval, SurvivesAPowerLossAtAnyCall) {
  survive_a_power_loss_at_any_call();
}

}  // namespace
}  // namespace registry::fault
