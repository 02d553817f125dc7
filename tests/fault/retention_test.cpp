// Retention, with every single call to the filesystem failing, or being the last one of the
// process, also before the power goes: what stays is whole, and the next run removes the rest.
#include "registry/maintenance/retention.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"
#include "support/manifests.hpp"
#include "world.hpp"

namespace registry::fault {
namespace {

const std::string kShared = "the config", kOld = "an old layer", kNow = "a layer of now";
const std::string kOldImage = manifest_of({kShared, kOld}), kImage = manifest_of({kShared, kNow});
const std::string kReferrer = referrer_of(oci::digest_of(kOldImage), {kShared});

class Retention : public testing::Test {
 protected:
  // Two tags, and what refers to the manifest of the first.
  std::unique_ptr<SimulatedFiles> prepared() const {
    auto files = std::make_unique<SimulatedFiles>();
    World world(*files);
    for (const auto& blob : {kShared, kOld, kNow}) world.push_blob(repository("a"), blob);
    world.push_manifest(repository("a"), tag("old"), kOldImage);
    world.push_manifest(repository("a"), oci::digest_of(kReferrer), kReferrer);
    world.push_manifest(repository("a"), tag("now"), kImage);
    return files;
  }

  // In its own process. False: it did not see the end of it.
  static bool retain(World& world) {
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
  static void expect_kept(World& world) {
    expect_whole(world);
    EXPECT_TRUE(has(world, tag("now")));
    EXPECT_TRUE(!has(world, tag("old")) || has(world, oci::digest_of(kReferrer)));
  }
  static void expect_done(World& world) {
    expect_kept(world);
    EXPECT_FALSE(has(world, tag("old")));
  }

  static void expect_recovery(SimulatedFiles& files) {
    World world(files);
    expect_kept(world);
    ASSERT_TRUE(retain(world)) << "it cannot be done again";
    expect_done(world);
  }

  template <class Body>
  static void for_every_call(Body body) {
    std::size_t last_call = 0;
    for (std::size_t n = 1;; ++n) {
      SCOPED_TRACE("at call " + std::to_string(n));
      ASSERT_LT(n, 2000U);
      const bool reached = body(n);
      if (!reached || HasFailure()) break;
      last_call = n;
    }
    EXPECT_GE(last_call, 20U) << "hardly a call was made: nothing was tested";
  }

  template <class ComeBack>
  void survive_an_end_at_any_call(ComeBack come_back) const {
    for_every_call([&](std::size_t n) {
      const auto files = prepared();
      std::size_t calls = 0;
      {
        World world(*files);
        files->crash_at_call(n);
        retain(world);
        calls = files->calls();
        files->crash_now();
      }
      come_back(*files);
      expect_recovery(*files);
      return calls >= n;
    });
  }
};

TEST_F(Retention, RemovesWhereNothingGoesWrong) {
  const auto files = prepared();
  World world(*files);
  ASSERT_TRUE(retain(world));
  expect_done(world);
  EXPECT_FALSE(has(world, oci::digest_of(kOldImage)));
  EXPECT_FALSE(has(world, oci::digest_of(kReferrer)));
}

TEST_F(Retention, SurvivesAnyCallThatFails) {
  for (const int error : {EIO, EACCES, ENOSPC}) {
    SCOPED_TRACE("error " + std::to_string(error));
    for_every_call([&](std::size_t n) {
      const auto files = prepared();
      std::size_t calls = 0;
      {
        World world(*files);
        files->fail_call(n, error);
        retain(world);
        calls = files->calls();
        files->restart();
        expect_kept(world);
      }
      expect_recovery(*files);
      return calls >= n;
    });
  }
}

TEST_F(Retention, SurvivesAKillAtAnyCall) {
  survive_an_end_at_any_call([](SimulatedFiles& files) { files.restart(); });
}

TEST_F(Retention, SurvivesAPowerLossAtAnyCall) {
  for (const auto loss : {Loss::everything, Loss::bytes}) {
    survive_an_end_at_any_call([&](SimulatedFiles& files) { files.lose_power(loss, 0); });
  }
}

}  // namespace
}  // namespace registry::fault
