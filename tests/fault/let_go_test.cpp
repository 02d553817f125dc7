// A collection of what a deleted manifest has let go of: with every call to the filesystem failing
// or being the last one, and with a client that comes in between.
#include <gtest/gtest.h>

#include <cerrno>

#include "every_call.hpp"
#include "interleave.hpp"
#include "registry/maintenance/garbage_collector.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"
#include "support/manifests.hpp"

namespace registry::fault {
namespace {

constexpr std::chrono::seconds kNow{0}, kHour{3600};
const auto kName = repository("a"), kElsewhere = repository("b");
const std::string kConfig = "the config", kOwn = "of the deleted one alone",
                  kShared = "of another repository too";
const std::string kDeleted = manifest_of({kConfig, kOwn, kShared}), kKept = manifest_of({kConfig}),
                  kOther = manifest_of({kConfig, kShared});

void fill(World& world) {
  for (const auto& blob : {kConfig, kOwn, kShared}) world.push_blob(kName, blob);
  world.push_manifest(kName, tag("kept"), kKept);
  world.push_manifest(kName, tag("deleted"), kDeleted);
  for (const auto& blob : {kConfig, kShared}) world.push_blob(kElsewhere, blob);
  world.push_manifest(kElsewhere, tag("other"), kOther);
}

maintenance::Collected mark(World& world, std::chrono::seconds grace) {
  return maintenance::collect_garbage(world.content, *world.driver, {.quiet = true, .grace = grace},
                                      {});
}

void expect_images(World& world) {
  expect_whole(world);
  for (const auto& [name, text, manifest] :
       {std::tuple(kName, "kept", kKept), {kElsewhere, "other", kOther}}) {
    const auto image = support::get(world.content.manifests, name, tag(text));
    ASSERT_TRUE(image);
    EXPECT_EQ(image->content, manifest);
  }
  EXPECT_EQ(world.read_blob(kElsewhere, oci::digest_of(kShared)), kShared);
}

class LetGo : public MaintenanceAtEveryCall {
 protected:
  std::unique_ptr<SimulatedFiles> prepared() const override {
    auto files = std::make_unique<SimulatedFiles>();
    World world(*files);
    fill(world);
    return files;
  }
  bool run(World& world) const override {
    try {
      mark(world, kHour);
      world.content.manifests.remove(kName, oci::digest_of(kDeleted));
      return maintenance::collect_let_go(world.content, *world.driver, kNow, {}).has_value();
    } catch (const std::exception&) {
      return false;
    }
  }
  void expect_kept(World& world) const override { expect_images(world); }
  void expect_recovery(SimulatedFiles& files) const override {
    World world(files);
    expect_kept(world);
    ASSERT_TRUE(run(world)) << "it cannot be done again";
    mark(world, kNow);
    expect_kept(world);
    EXPECT_FALSE(world.driver->stat(storage::paths::blob(oci::digest_of(kOwn))));
    EXPECT_FALSE(world.driver->stat(storage::paths::blob(oci::digest_of(kDeleted))));
  }
};

TEST_F(LetGo, IsCollectedWhereNothingGoesWrong) {
  const auto files = prepared();
  World world(*files);
  ASSERT_TRUE(run(world));
  expect_kept(world);
  EXPECT_FALSE(world.driver->stat(storage::paths::blob(oci::digest_of(kOwn))));
  EXPECT_FALSE(world.driver->stat(storage::paths::layer_link(kName, oci::digest_of(kShared))));
  const auto marked = mark(world, kNow);
  EXPECT_EQ(marked.blobs, 0U);
  EXPECT_EQ(marked.miscounted, 0U);
}

// A tag that may not be read counts as absent, also for the delete: so no EACCES.
TEST_F(LetGo, SurvivesAnyCallThatFails) {
  survive_any_call_that_fails({EIO}, [](bool) {});
}

TEST_F(LetGo, SurvivesAKillAtAnyCall) {
  survive_a_kill_at_any_call();
}

TEST_F(LetGo, SurvivesAPowerLossAtAnyCall) {
  survive_a_power_loss_at_any_call();
}

void prepare(World& world) {
  fill(world);
  mark(world, kHour);
  world.content.manifests.remove(kName, oci::digest_of(kDeleted));
  world.content.blobs.fetch(kName, oci::digest_of(kOwn));  // in memory
}

void collect(World& world) {
  maintenance::collect_let_go(world.content, *world.driver, kNow, {});
}

void expect_counted(World& world) {
  expect_images(world);
  EXPECT_EQ(mark(world, kHour).miscounted, 0U);
}

TEST(LetGoBeside, AnImageThatIsPushedMeanwhileIsWhole) {
  const auto push = [](World& world) {
    for (const auto& blob : {kConfig, kOwn, kShared}) world.push_blob(kElsewhere, blob);
    world.push_manifest(kElsewhere, tag("again"), kDeleted);
    return true;
  };
  interleave(prepare, collect, push, [](World& world, bool) {
    ASSERT_TRUE(support::get(world.content.manifests, kElsewhere, tag("again")));
    EXPECT_EQ(world.read_blob(kElsewhere, oci::digest_of(kOwn)), kOwn);
    expect_counted(world);
  });
}

TEST(LetGoBeside, AManifestThatIsPushedAgainIsWholeOrRefused) {
  const auto push = [](World& world) {
    return succeeds([&] { world.push_manifest(kName, tag("again"), kDeleted); });
  };
  interleave(prepare, collect, push, [](World& world, bool was_pushed) {
    expect_counted(world);
    if (!was_pushed) return;
    ASSERT_TRUE(support::get(world.content.manifests, kName, tag("again")));
    EXPECT_EQ(world.read_blob(kName, oci::digest_of(kOwn)), kOwn);
  });
}

TEST(LetGoBeside, ABlobThatAHeadSawStays) {
  const auto look = [](World& world) {
    if (world.content.blobs.recent(kName, oci::digest_of(kOwn))) return true;
    return world.content.blobs.stat(kName, oci::digest_of(kOwn)).has_value();
  };
  interleave(prepare, collect, look, [](World& world, bool was_there) {
    if (was_there) EXPECT_EQ(world.read_blob(kName, oci::digest_of(kOwn)), kOwn);
    expect_counted(world);
  });
}

TEST(LetGoBeside, ABlobThatWasMountedStays) {
  const auto mount = [](World& world) {
    return world.content.blobs.mount(kName, repository("c"), oci::digest_of(kOwn)).has_value();
  };
  interleave(prepare, collect, mount, [](World& world, bool was_mounted) {
    if (was_mounted) EXPECT_EQ(world.read_blob(repository("c"), oci::digest_of(kOwn)), kOwn);
    expect_counted(world);
  });
}

TEST(LetGoBeside, AMarkThatADeleteComesInBetweenCountsRight) {
  const auto mark_all = [](World& world) { mark(world, kHour); };
  const auto remove = [](World& world) {
    return world.content.manifests.remove(kName, oci::digest_of(kDeleted));
  };
  interleave(fill, mark_all, remove, [](World& world, bool) {
    EXPECT_EQ(world.content.counts.needed_by(oci::digest_of(kOwn)), 0U);
    EXPECT_EQ(world.content.counts.needed_by(oci::digest_of(kShared)), 1U);
    expect_counted(world);
  });
}

TEST(LetGoBeside, AMarkThatAPushComesInBetweenCountsRight) {
  const auto mark_all = [](World& world) { mark(world, kHour); };
  const auto push = [](World& world) {
    world.push_manifest(kName, tag("late"), manifest_of({kOwn, kConfig}));
    return true;
  };
  interleave(fill, mark_all, push, [](World& world, bool) {
    EXPECT_EQ(world.content.counts.needed_by(oci::digest_of(kOwn)), 2U);
    expect_counted(world);
  });
}

TEST(LetGoBeside, APushThatAMarkComesInBetweenIsCounted) {
  const auto push = [](World& world) {
    world.push_manifest(kName, tag("late"), manifest_of({kOwn, kConfig}));
  };
  const auto mark_all = [](World& world) {
    mark(world, kHour);
    return true;
  };
  interleave(fill, push, mark_all, [](World& world, bool) {
    EXPECT_EQ(world.content.counts.needed_by(oci::digest_of(kOwn)), 2U);
    expect_counted(world);
  });
}

}  // namespace
}  // namespace registry::fault
