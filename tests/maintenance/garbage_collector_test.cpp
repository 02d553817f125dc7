#include "registry/maintenance/garbage_collector.hpp"

#include "maintenance_test.hpp"

namespace registry::maintenance {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class GarbageCollector : public MaintenanceTest {
 protected:
  const oci::RepositoryName kName = name_of("a/b"), kOther = name_of("other");
};
ON_EACH_DRIVER(GarbageCollector);

TEST_P(GarbageCollector, DoesNothingToAStoreInWhichThereIsNothing) {
  const auto collected = collect();
  EXPECT_EQ(collected.marked + collected.blobs + collected.manifests + collected.damaged, 0U);
  EXPECT_THAT(said(),
              ElementsAre("\n0 blobs marked, 0 blobs and 0 manifests eligible for deletion"));
}

TEST_P(GarbageCollector, RemovesBlobsThatNoManifestNames) {
  push_image(kName, tag_of("v1"), "kept");
  push_blob(kName, "garbage");
  const auto collected = collect();
  EXPECT_EQ(collected.marked, 2U);  // the manifest and its blob
  EXPECT_EQ(collected.blobs, 1U);
  EXPECT_EQ(collected.bytes, 7U);
  EXPECT_TRUE(has_blob("kept"));
  EXPECT_FALSE(has(folder_of(paths::blob(oci::digest_of("garbage")))));
  EXPECT_FALSE(has(folder_of(paths::layer_link(kName, oci::digest_of("garbage")))));
}

TEST_P(GarbageCollector, SaysWhatItDoesInTheLinesOf28) {
  const auto image = push_image(kName, tag_of("v1"), "kept");
  const auto garbage = push_blob(kName, "garbage");
  collect();
  EXPECT_THAT(said(), ElementsAre("a/b", "a/b: marking manifest " + image.str() + " ",
                                  "a/b: marking blob " + oci::digest_of("kept").str(),
                                  "a/b: layer link eligible for deletion: " + garbage.str(),
                                  "\n2 blobs marked, 1 blobs and 0 manifests eligible for deletion",
                                  "blob eligible for deletion: " + garbage.str()));
}

TEST_P(GarbageCollector, NamesManifestsThatNoTagLeadsToBeforeWhatItMarks) {
  const auto old = push_image(kName, tag_of("v1"), "old");
  const auto now = push_image(kName, tag_of("v1"), "now");
  collect({.dry_run = true, .delete_untagged = true});
  EXPECT_THAT(said().at(1), "manifest eligible for deletion: " + old.str());
  EXPECT_THAT(said().at(2), "a/b: marking manifest " + now.str() + " ");
  EXPECT_THAT(said(), Contains("\n2 blobs marked, 2 blobs and 1 manifests eligible for deletion"));
}

TEST_P(GarbageCollector, ChangesNothingInADryRun) {
  push_image(kName, tag_of("v1"), "old");
  push_image(kName, tag_of("v1"), "now");
  push_blob(kName, "garbage");
  put(paths::uploads(kName) + "/half-cancelled/hashstates/sha256/0", "state");
  put(paths::tag(kName, tag_of("nowhere")) + "/index/sha256/x", "");
  const auto before = tree();
  const auto collected = collect({.dry_run = true, .delete_untagged = true});
  EXPECT_EQ(tree(), before);
  EXPECT_EQ(collected.blobs, 3U);
  EXPECT_EQ(collected.manifests, 1U);
}

TEST_P(GarbageCollector, SaysInADryRunWhatItWillDo) {
  push_image(kName, tag_of("v1"), "old");
  push_image(kName, tag_of("v1"), "now");
  push_blob(kOther, "garbage");
  const auto would = collect({.dry_run = true, .delete_untagged = true});
  const auto announced = said();
  const auto did = collect({.delete_untagged = true});
  EXPECT_EQ(said(), announced);
  EXPECT_EQ(did.bytes, would.bytes);
  EXPECT_EQ(did.blobs, would.blobs);
}

TEST_P(GarbageCollector, SaysNothingWhenItIsToBeQuiet) {
  push_image(kName, tag_of("v1"), "kept");
  push_blob(kName, "garbage");
  collect({.quiet = true});
  EXPECT_THAT(said(), IsEmpty());
  EXPECT_FALSE(has_blob("garbage"));
}

TEST_P(GarbageCollector, FindsNothingMoreInASecondRun) {
  push_image(kName, tag_of("v1"), "old");
  push_image(kName, tag_of("v1"), "now");
  push_blob(kName, "garbage");
  collect({.delete_untagged = true});
  const auto after = tree();
  const auto again = collect({.delete_untagged = true});
  EXPECT_EQ(again.blobs + again.manifests, 0U);
  EXPECT_EQ(tree(), after);
}

TEST_P(GarbageCollector, KeepsABlobForTheOneRepositoryThatNeedsIt) {
  push_image(kName, tag_of("v1"), "shared");
  push_blob(kOther, "shared");
  collect();
  EXPECT_TRUE(blobs_.stat(kName, oci::digest_of("shared")));
  EXPECT_FALSE(has_layer(kOther, oci::digest_of("shared")));  // there no manifest names it
}

TEST_P(GarbageCollector, KeepsTheContentOfAManifestForTheOtherRepositoryThatHasIt) {
  const auto image = push_image(kName, tag_of("v1"), "shared");
  push_image(kOther, image, "shared");
  collect({.delete_untagged = true});
  EXPECT_TRUE(has_manifest(kName, image));
  EXPECT_FALSE(has_manifest(kOther, image));
  EXPECT_TRUE(has_blob("shared"));
}

TEST_P(GarbageCollector, CountsTheBytesOfManifestsAndBlobs) {
  push_image(kName, tag_of("v1"), "twelve bytes");
  manifests_.remove(kName, tag_of("v1"));
  const auto size = manifest(descriptor("twelve bytes")).size();
  EXPECT_EQ(collect({.dry_run = true, .delete_untagged = true}).bytes, size + 12);
  EXPECT_EQ(collect({.delete_untagged = true}).bytes, size + 12);
}

TEST_P(GarbageCollector, LeavesStrayFilesAmongTheBlobsAlone) {
  const auto stray = {paths::kBlobs + "/readme", paths::kBlobs + "/00/notes",
                      paths::kBlobs + "/00/" + std::string(63, '0') + "/data",
                      // On a shelf that is not its own, where nobody looks for it.
                      paths::kBlobs + "/00/" + std::string(64, 'f') + "/data"};
  for (const auto& path : stray) put(path, "x");
  collect();
  for (const auto& path : stray) EXPECT_TRUE(has(path)) << path;
}

TEST_P(GarbageCollector, SaysAndLeavesTheSameWithManyThreads) {
  constexpr int kMany = 100;
  // Without a sync, which would cost a disk seconds.
  const auto put_quickly = [&](const std::string& path, std::string_view content) {
    driver().put(path, content, storage::Survives::process_crash);
  };
  push_image(kName, tag_of("v1"), "kept");
  std::vector<std::string> folders;
  for (int i = 0; i < kMany; ++i) {
    const auto digest = oci::digest_of(std::to_string(i));
    put_quickly(paths::blob(digest), std::to_string(i));
    put_quickly(paths::layer_link(kName, digest), digest.str());
    folders.push_back(folder_of(paths::blob(digest)));
    folders.push_back(folder_of(paths::layer_link(kName, digest)));
    // It is not all that is in there.
    if (i % 5 == 0) put_quickly(folders.at(folders.size() - 1 - i % 2) + "/more", "x");
  }
  collect({.dry_run = true});
  const auto announced = said();
  const auto collected = collect({.threads = 4});
  EXPECT_EQ(said(), announced);
  EXPECT_EQ(collected.blobs, static_cast<std::size_t>(kMany));
  EXPECT_EQ(collected.damaged, 0U);
  for (const auto& folder : folders) EXPECT_FALSE(has(folder)) << folder;
  EXPECT_TRUE(has_blob("kept"));
  EXPECT_EQ(collect({.threads = 4}).blobs, 0U);
}

// In memory alone: so many folders cost a disk seconds.
void collect_in_memory(storage::Driver& driver, const CollectOptions& options,
                       const std::function<void(const std::string&)>& say) {
  base::Pool io("io", 1);
  const content::Acceptance acceptance;
  content::Content content(driver, acceptance, io);
  collect_garbage(content, driver, options, say);
}

TEST(GarbageCollectorOfManyRepositories, WalksMoreThanAPageHolds) {
  constexpr int kMany = 1100;
  const auto driver = storage::make_memory_driver();
  const auto digest = oci::digest_of("gone");
  const auto link_of = [&](int i) {
    return paths::layer_link(name_of("r" + std::to_string(i)), digest);
  };
  for (int i = 0; i < kMany; ++i) {
    driver->put(link_of(i), digest.str(), storage::Survives::process_crash);
  }
  collect_in_memory(*driver, {}, [](const std::string&) {});
  for (int i = 0; i < kMany; ++i) EXPECT_FALSE(driver->stat(link_of(i))) << i;
}

TEST(GarbageCollectorOfManyTags, WalksMoreThanAreListedAtOnce) {
  constexpr int kMany = 10'100;
  const auto driver = storage::make_memory_driver();
  for (int i = 0; i < kMany; ++i) {
    const auto tag = paths::tag(name_of("r"), tag_of("t" + std::to_string(i)));
    driver->put(tag + "/index/sha256/x", "", storage::Survives::process_crash);
  }
  int tags = 0;
  collect_in_memory(*driver, {.dry_run = true, .threads = 2}, [&](const std::string& line) {
    tags += line.starts_with("r: tag without a manifest eligible for deletion: t") ? 1 : 0;
  });
  EXPECT_EQ(tags, kMany);
}

// Somebody has renamed a repository: what was its own is in no repository, and needed all the same.
TEST_P(GarbageCollector, RemovesNoBlobWhereAFolderCanBeNoRepository) {
  for (const char* strange : {"App", ".trash", "team/Up"}) {
    const auto root = paths::kRepositories + '/' + strange;
    put(root + "/_manifests/revisions/sha256/" + std::string(64, 'a') + "/link", "x");
    push_blob(name_of("a/b"), strange);
    EXPECT_TRUE(collect().sweep_was_stopped) << strange;
    EXPECT_TRUE(has_blob(strange));
    driver().remove_tree(paths::kRepositories + '/' + std::string(strange).substr(0, 4),
                         storage::Survives::process_crash);
    driver().remove_tree(root, storage::Survives::process_crash);
  }
}

}  // namespace
}  // namespace registry::maintenance
