// Garbage collection, with every single call to the filesystem failing, being the last one of the
// process, or being the last one before the power goes: what stays is whole, and the next run
// removes the rest.
#include "registry/maintenance/garbage_collector.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"
#include "support/manifests.hpp"
#include "world.hpp"

namespace registry::fault {
namespace {

const std::string kShared = "the config", kOld = "an old layer", kNow = "a layer of now",
                  kGarbage = "no manifest names this";
const std::string kOldImage = manifest_of({kShared, kOld}), kImage = manifest_of({kShared, kNow});

class Collector : public testing::Test {
 protected:
  // A tag that was moved, a blob that two repositories share, and blobs that none needs.
  std::unique_ptr<SimulatedFiles> prepared() const {
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
  static bool collect(World& world) {
    try {
      maintenance::collect_garbage(world.content, *world.driver, {.delete_untagged = true},
                                   [](const std::string&) {});
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  // Whatever was removed of the rest.
  static void expect_kept(World& world) {
    expect_whole(world);
    const auto image = support::get(world.content.manifests, repository("a"), tag("latest"));
    ASSERT_TRUE(image);
    EXPECT_EQ(image->content, kImage);
    const auto old = support::get(world.content.manifests, repository("b"), tag("old"));
    ASSERT_TRUE(old);
    EXPECT_EQ(old->content, kOldImage);
  }

  static void expect_collected(World& world) {
    expect_kept(world);
    EXPECT_FALSE(support::get(world.content.manifests, repository("a"), oci::digest_of(kOldImage)));
    EXPECT_FALSE(world.driver->stat(storage::paths::blob(oci::digest_of(kGarbage))));
    for (const auto& [name, blob] : {std::pair("a", kGarbage), {"a", kOld}, {"c", kNow}}) {
      const auto link = storage::paths::layer_link(repository(name), oci::digest_of(blob));
      EXPECT_FALSE(world.driver->stat(link)) << link;
    }
  }

  static void expect_recovery(SimulatedFiles& files) {
    World world(files);
    expect_kept(world);
    ASSERT_TRUE(collect(world)) << "it cannot be done again";
    expect_collected(world);
  }

  // Calls `body` with each N in turn, until the collector makes fewer calls than that.
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
        collect(world);
        calls = files->calls();
        files->crash_now();
      }
      come_back(*files);
      expect_recovery(*files);
      return calls >= n;
    });
  }
};

TEST_F(Collector, CollectsWhereNothingGoesWrong) {
  const auto files = prepared();
  World world(*files);
  ASSERT_TRUE(collect(world));
  expect_collected(world);
}

TEST_F(Collector, IsDurableOnceItsBlobsAreGone) {
  const auto files = prepared();
  {
    World world(*files);
    ASSERT_TRUE(collect(world));
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
  for (const int error : {EIO, EACCES}) {
    SCOPED_TRACE("error " + std::to_string(error));
    for_every_call([&](std::size_t n) {
      const auto files = prepared();
      std::size_t calls = 0;
      {
        World world(*files);
        files->fail_call(n, error);
        collect(world);
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

TEST_F(Collector, SurvivesAKillAtAnyCall) {
  survive_an_end_at_any_call([](SimulatedFiles& files) { files.restart(); });
}

TEST_F(Collector, SurvivesAPowerLossAtAnyCall) {
  constexpr unsigned kSeeds = 2;
  for (const auto loss : {Loss::everything, Loss::bytes, Loss::by_chance}) {
    for (unsigned seed = 0; seed < (loss == Loss::by_chance ? kSeeds : 1); ++seed) {
      SCOPED_TRACE("loss " + std::to_string(static_cast<int>(loss)) + " seed " +
                   std::to_string(seed));
      survive_an_end_at_any_call([&](SimulatedFiles& files) { files.lose_power(loss, seed); });
    }
  }
}

}  // namespace
}  // namespace registry::fault
