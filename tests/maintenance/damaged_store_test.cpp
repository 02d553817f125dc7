// What is damaged keeps all that it might need, and never ends the run.
#include "maintenance_test.hpp"
#include "registry/maintenance/upload_purger.hpp"
#include "support/manifests.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::maintenance {
namespace {

using support::UnreadableDriver;

class DamagedStore : public MaintenanceTest {
 protected:
  void SetUp() override {
    kept_ = push_image(kName, tag_of("v1"), "kept");
    push_image(kOther, tag_of("v1"), "other");
    push_blob(kOther, "garbage");
  }
  oci::Digest push_untagged(const oci::RepositoryName& name, const std::string& text) {
    return push_image(name, oci::digest_of(manifest(descriptor(text))), text);
  }
  void expect_all_is_served() {
    EXPECT_TRUE(has_manifest(kName, kept_));
    EXPECT_TRUE(has_blob("kept"));
    EXPECT_TRUE(support::get(manifests_, kOther, tag_of("v1")));
    EXPECT_TRUE(has_blob("other"));
  }
  void damage(const std::string& path, const std::string& how) {
    driver().remove(path, storage::Survives::process_crash);
    put(how == "directory" ? path + "/stray" : path, how == "directory" ? "" : how);
  }

  const oci::RepositoryName kName = name_of("damaged"), kOther = name_of("other");
  const std::vector<std::string> kGarbled = {"",
                                             "sha256:",
                                             "garbage\n",
                                             "directory",
                                             std::string(5000, 'x'),
                                             oci::digest_of("x").str() + "\n"};
  oci::Digest kept_ = oci::empty_digest();
};
ON_EACH_DRIVER(DamagedStore);

TEST_P(DamagedStore, AManifestWhoseLinkIsGarbledKeepsWhatItNeeds) {
  for (const auto& how : kGarbled) {
    SCOPED_TRACE(how.substr(0, 20));
    damage(paths::revision_link(kName, kept_), how);
    const auto collected = collect({.delete_untagged = true});
    EXPECT_EQ(collected.damaged, 1U);
    EXPECT_TRUE(has(paths::revision_link(kName, kept_)));
    driver().remove_tree(paths::revision_link(kName, kept_), storage::Survives::process_crash);
    push_image(kName, tag_of("v1"), "kept");
    expect_all_is_served();
  }
  EXPECT_FALSE(has_blob("garbage"));
}

TEST_P(DamagedStore, ATagThatIsGarbledKeepsEveryManifestOfItsRepository) {
  const auto untagged = push_untagged(kName, "untagged");
  const auto elsewhere = push_untagged(kOther, "untagged elsewhere");
  for (const auto& how : kGarbled) {
    SCOPED_TRACE(how.substr(0, 20));
    damage(paths::tag_current(kName, tag_of("v1")), how);
    EXPECT_EQ(collect({.delete_untagged = true}).damaged, 1U);
    EXPECT_TRUE(has_manifest(kName, untagged));
    EXPECT_TRUE(has(paths::tag_current(kName, tag_of("v1"))));
    driver().remove_tree(paths::tag_current(kName, tag_of("v1")), storage::Survives::process_crash);
  }
  EXPECT_FALSE(has_manifest(kOther, elsewhere));
  expect_all_is_served();
}

TEST_P(DamagedStore, ALayerLinkThatIsGarbledKeepsItsBlobWhereAManifestNeedsIt) {
  const auto path = paths::layer_link(kName, oci::digest_of("kept"));
  for (const auto& how : kGarbled) {
    SCOPED_TRACE(how.substr(0, 20));
    damage(path, how);
    collect();
    EXPECT_TRUE(has(path));
    expect_all_is_served();
    driver().remove_tree(path, storage::Survives::process_crash);
  }
}

TEST_P(DamagedStore, AManifestWithoutReadableContentKeepsEveryBlobOfItsRepository) {
  push_blob(kName, "perhaps needed");
  for (const auto& how : {"", "{", "garbage", R"({"layers":[)", "directory"}) {
    SCOPED_TRACE(how);
    damage(paths::blob(kept_), how);
    const auto collected = collect();
    EXPECT_EQ(collected.damaged, 1U);
    EXPECT_FALSE(collected.sweep_was_stopped);
    EXPECT_TRUE(blobs_.stat(kName, oci::digest_of("perhaps needed")));
    EXPECT_TRUE(blobs_.stat(kName, oci::digest_of("kept")));
    EXPECT_TRUE(has(paths::revision_link(kName, kept_)));
    driver().remove_tree(paths::blob(kept_), storage::Survives::process_crash);
  }
  EXPECT_EQ(collect().damaged, 1U);  // now it is missing
  EXPECT_TRUE(has_blob("perhaps needed"));
  EXPECT_FALSE(has_blob("garbage"));  // of another repository
}

TEST_P(DamagedStore, AManifestWithoutReadableContentKeepsBlobsThatAreThereByTheirSha512Only) {
  const auto sha256 = push_blob(kName, "layer");
  const auto sha512 = oci::digest_of("layer", oci::Algorithm::sha512);
  put(paths::layer_link(kName, sha512), sha256.str());
  blobs_.remove(kName, sha256);
  damage(paths::blob(kept_), "{");
  collect();
  EXPECT_TRUE(blobs_.stat(kName, sha512));
}

TEST_P(DamagedStore, AManifestThatATagLeadsToAndNobodyCanReadKeepsEveryManifest) {
  const auto untagged = push_untagged(kName, "perhaps its child");
  damage(paths::blob(kept_), "{");
  EXPECT_EQ(collect({.delete_untagged = true}).manifests, 0U);
  EXPECT_TRUE(has_manifest(kName, untagged));
}

TEST_P(DamagedStore, AManifestThatNoTagLeadsToAndIsGarbledGoesWithTheRest) {
  const auto untagged = push_untagged(kName, "untagged");
  damage(paths::blob(untagged), "{");
  EXPECT_EQ(collect({.delete_untagged = true}).manifests, 1U);
  EXPECT_FALSE(has(paths::revision_link(kName, untagged)));
  expect_all_is_served();
}

TEST_P(DamagedStore, AManifestThatMayNotBeReadStaysAsItMayReferToWhatStays) {
  const auto signature = push_referrer(kName, kept_, "signature");
  UnreadableDriver unreadable(driver(), {paths::blob(signature)});
  EXPECT_EQ(collect(unreadable, {.delete_untagged = true}).manifests, 0U);
  EXPECT_TRUE(has_manifest(kName, signature));
  EXPECT_TRUE(has_blob("signature"));
}

TEST_P(DamagedStore, ALinkThatMayNotBeReadCountsAsThere) {
  push_untagged(kName, "untagged");
  for (const auto& path :
       {paths::revision_link(kName, kept_), paths::tag_current(kName, tag_of("v1")),
        paths::layer_link(kName, oci::digest_of("kept"))}) {
    UnreadableDriver unreadable(driver(), {path});
    collect(unreadable);
    EXPECT_TRUE(has(path)) << path;
    expect_all_is_served();
  }
  UnreadableDriver unreadable(driver(), {paths::tag_current(kName, tag_of("v1"))});
  EXPECT_EQ(collect(unreadable, {.delete_untagged = true}).manifests, 0U);
}

TEST_P(DamagedStore, AFolderThatMayHideManifestsStopsTheRemovalOfBlobs) {
  for (const auto& path :
       {paths::repository(kName), paths::manifests(kName), paths::revisions(kName),
        paths::revisions(kName) + "/sha256", paths::kRepositories}) {
    SCOPED_TRACE(path);
    UnreadableDriver unreadable(driver(), {path});
    const auto collected = collect(unreadable, {.delete_untagged = true});
    EXPECT_TRUE(collected.sweep_was_stopped);
    EXPECT_GT(collected.damaged, 0U);
    EXPECT_EQ(collected.blobs, 0U);
    EXPECT_TRUE(has_blob("garbage"));
    expect_all_is_served();
    EXPECT_TRUE(has_layer(kName, oci::digest_of("kept")));
  }
  EXPECT_FALSE(collect().sweep_was_stopped);
  EXPECT_FALSE(has_blob("garbage"));
}

TEST_P(DamagedStore, AFolderThatHidesNoManifestsStopsNothingElse) {
  const auto untagged = push_untagged(kName, "untagged");
  for (const auto& path : {paths::tags(kName), paths::layers(kName), paths::uploads(kName),
                           paths::layers(kName) + "/sha256", paths::tag(kName, tag_of("v1"))}) {
    SCOPED_TRACE(path);
    push_blob(kOther, "garbage");
    UnreadableDriver unreadable(driver(), {path});
    EXPECT_FALSE(collect(unreadable).sweep_was_stopped);
    EXPECT_FALSE(has_blob("garbage"));
    EXPECT_TRUE(has_manifest(kName, untagged));
    expect_all_is_served();
  }
}

TEST_P(DamagedStore, TagsThatMayNotBeListedKeepEveryManifestOfTheirRepository) {
  const auto untagged = push_untagged(kName, "untagged");
  UnreadableDriver unreadable(driver(), {paths::tags(kName)});
  const auto collected = collect(unreadable, {.delete_untagged = true});
  EXPECT_EQ(collected.manifests, 0U);
  EXPECT_EQ(collected.damaged, 1U);
  EXPECT_TRUE(has_manifest(kName, untagged));
}

TEST_P(DamagedStore, AShelfOfBlobsThatMayNotBeReadLeavesTheOthersToBeCollected) {
  push_blob(kOther, "more garbage");
  const auto hidden = paths::blob(oci::digest_of("garbage"));
  UnreadableDriver unreadable(driver(), {folder_of(folder_of(hidden))});
  const auto collected = collect(unreadable);
  EXPECT_EQ(collected.damaged, 1U);
  EXPECT_FALSE(has_blob("more garbage"));
  EXPECT_TRUE(has_blob("garbage"));
}

TEST_P(DamagedStore, ABlobThatCannotBeRemovedLeavesTheOthersToBeCollected) {
  push_blob(kOther, "more garbage");
  UnreadableDriver unreadable(driver(), {folder_of(paths::blob(oci::digest_of("garbage")))});
  EXPECT_EQ(collect(unreadable).damaged, 1U);
  EXPECT_FALSE(has_blob("more garbage"));
}

TEST_P(DamagedStore, AnAliasThatIsGarbledStopsTheRemovalOfBlobs) {
  const auto sha512 = oci::digest_of("layer", oci::Algorithm::sha512);
  push_blob(kName, "config");
  push_blob(kName, "layer");
  put(paths::layer_link(kName, sha512), oci::digest_of("layer").str());
  push_manifest(kName, tag_of("v2"), manifest(descriptor("config"), descriptor(sha512, 5)));
  put(paths::layer_link(kName, sha512), "");
  const auto collected = collect({.delete_untagged = true});
  EXPECT_TRUE(collected.sweep_was_stopped);
  EXPECT_EQ(collected.damaged, 1U);
  EXPECT_TRUE(has_blob("layer"));
}

}  // namespace
}  // namespace registry::maintenance
