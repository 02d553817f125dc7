// A collection is stopped before each of its calls to the filesystem in turn, and a client comes in
// between; and the other way round. Without any grace, so that only what happens meanwhile counts.
#include <gtest/gtest.h>

#include "interleave.hpp"
#include "registry/maintenance/garbage_collector.hpp"
#include "registry/oci/hasher.hpp"
#include "support/manifests.hpp"
#include "world.hpp"

namespace registry::fault {
namespace {

const std::string kConfig = "the config", kGarbage = "what nothing needs";
const std::string kImage = manifest_of({kConfig, kGarbage}), kOther = manifest_of({kConfig});
const auto kName = repository("a"), kElsewhere = repository("b");

void collect(World& world) {
  maintenance::collect_garbage(
      world.content, *world.driver,
      {.delete_untagged = true, .quiet = true, .grace = std::chrono::seconds(0)}, {});
}

// Untagged, and all that it leads to as well.
const std::string kFirst = manifest_of({kConfig, "one platform"}),
                  kSecond = manifest_of({kConfig, "another platform"});

std::string child(const std::string& manifest) {
  return R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
         oci::digest_of(manifest).str() + R"(","size":)" + std::to_string(manifest.size()) + '}';
}

const std::string kIndex =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
    child(kFirst) + ',' + child(kSecond) + "]}";

void put_index(World& world) {
  for (const char* layer : {"one platform", "another platform"}) world.push_blob(kName, layer);
  for (const auto& manifest : {kFirst, kSecond}) {
    world.push_manifest(kName, oci::digest_of(manifest), manifest);
  }
  world.content.manifests.put(kName,
                              {oci::digest_of(kIndex), {}, oci::MediaType::oci_index, kIndex, {}});
}

void prepare(World& world) {
  world.push_blob(kName, kConfig);
  world.push_manifest(kName, tag("kept"), kOther);
  for (const auto& name : {kName, kElsewhere}) world.push_blob(name, kGarbage);
  world.push_manifest(kName, oci::digest_of(kImage), kImage);  // untagged
  put_index(world);
  world.content.blobs.fetch(kName, oci::digest_of(kGarbage));  // and in memory
}

TEST(CollectionBeside, AnImageThatIsPushedMeanwhileIsWhole) {
  const auto push = [](World& world) {
    for (const auto& blob : {kConfig, kGarbage}) world.push_blob(kElsewhere, blob);
    world.push_manifest(kElsewhere, tag("new"), kImage);
    return true;
  };
  interleave(prepare, collect, push, [](World& world, bool) {
    ASSERT_TRUE(support::get(world.content.manifests, kElsewhere, tag("new")));
    EXPECT_EQ(world.read_blob(kElsewhere, oci::digest_of(kGarbage)), kGarbage);
    EXPECT_TRUE(support::get(world.content.manifests, kName, tag("kept")));
  });
}

TEST(CollectionBeside, ABlobThatAHeadSawStays) {
  const auto look = [](World& world) {
    return world.content.blobs.stat(kName, oci::digest_of(kGarbage)).has_value();
  };
  interleave(prepare, collect, look, [](World& world, bool was_there) {
    if (!was_there) return;
    EXPECT_EQ(world.read_blob(kName, oci::digest_of(kGarbage)), kGarbage);
  });
}

TEST(CollectionBeside, ABlobThatWasMountedStays) {
  const auto mount = [](World& world) {
    return world.content.blobs.mount(kName, repository("c"), oci::digest_of(kGarbage)).has_value();
  };
  interleave(prepare, collect, mount, [](World& world, bool was_mounted) {
    if (!was_mounted) return;
    EXPECT_EQ(world.read_blob(repository("c"), oci::digest_of(kGarbage)), kGarbage);
  });
}

TEST(CollectionBeside, AManifestThatIsTaggedMeanwhileStays) {
  const auto put_tag = [](World& world) {
    return succeeds([&] { world.push_manifest(kName, tag("late"), kImage); });
  };
  interleave(prepare, collect, put_tag, [](World& world, bool was_tagged) {
    if (!was_tagged) return;
    ASSERT_TRUE(support::get(world.content.manifests, kName, tag("late")));
    EXPECT_EQ(world.read_blob(kName, oci::digest_of(kGarbage)), kGarbage);
  });
}

TEST(CollectionBeside, AnIndexThatIsPulledMeanwhileKeepsItsPlatforms) {
  const auto pull = [](World& world) {
    return support::get(world.content.manifests, kName, oci::digest_of(kIndex)).has_value();
  };
  interleave(prepare, collect, pull, [](World& world, bool was_there) {
    if (!was_there) return;
    ASSERT_TRUE(support::get(world.content.manifests, kName, oci::digest_of(kIndex)));
    for (const auto& manifest : {kFirst, kSecond}) {
      ASSERT_TRUE(support::get(world.content.manifests, kName, oci::digest_of(manifest)));
    }
    for (const std::string layer : {"one platform", "another platform"}) {
      EXPECT_EQ(world.read_blob(kName, oci::digest_of(layer)), layer);
    }
  });
}

TEST(CollectionBeside, APullThatWasAnsweredFromMemoryIsAPromise) {
  const auto pull = [](World& world) {
    if (world.content.blobs.recent(kName, oci::digest_of(kGarbage))) return true;
    return world.content.blobs.fetch(kName, oci::digest_of(kGarbage)) != nullptr;
  };
  interleave(prepare, collect, pull, [](World& world, bool was_there) {
    if (!was_there) return;
    EXPECT_EQ(world.read_blob(kName, oci::digest_of(kGarbage)), kGarbage);
  });
}

TEST(CollectionBeside, APushThatACollectionComesInBetweenIsWholeOrRefused) {
  bool was_pushed = false;
  const auto push = [&](World& world) {
    was_pushed = succeeds([&] {
      world.push_blob(kElsewhere, kConfig);
      world.push_blob(kElsewhere, kGarbage);
      world.push_manifest(kElsewhere, tag("new"), kImage);
    });
  };
  const auto collect_beside = [](World& world) {
    collect(world);
    return true;
  };
  interleave(prepare, push, collect_beside, [&](World& world, bool) {
    EXPECT_EQ(support::get(world.content.manifests, kElsewhere, tag("new")).has_value(),
              was_pushed);
    if (!was_pushed) return;
    EXPECT_EQ(world.read_blob(kElsewhere, oci::digest_of(kGarbage)), kGarbage);
  });
}

}  // namespace
}  // namespace registry::fault
