// What lies about in a repository and nothing needs.
#include "maintenance_test.hpp"
#include "support/manifests.hpp"

namespace registry::maintenance {
namespace {

using oci::Algorithm;
using testing::Contains;
using testing::IsEmpty;

class RepositorySweeper : public MaintenanceTest {
 protected:
  oci::Digest push_by_sha512(const std::string& text) {
    const auto sha512 = oci::digest_of(text, Algorithm::sha512);
    const auto upload = run(uploads_.open(kName, uploads_.begin(kName)));
    upload->append(content::bytes_of(text));
    run(upload->commit(sha512));
    return sha512;
  }

  const oci::RepositoryName kName = name_of("a/b");
};
ON_EACH_DRIVER(RepositorySweeper);

TEST_P(RepositorySweeper, RemovesLayerLinksThatNoManifestOfTheRepositoryNeeds) {
  const auto sha512 = push_by_sha512("garbage"), sha256 = oci::digest_of("garbage");
  collect();
  EXPECT_FALSE(has(folder_of(paths::layer_link(kName, sha256))));
  EXPECT_FALSE(has(folder_of(paths::layer_link(kName, sha512))));
  EXPECT_TRUE(said("a/b: layer link eligible for deletion: " + sha256.str()));
  EXPECT_TRUE(said("a/b: layer link eligible for deletion: " + sha512.str()));
}

TEST_P(RepositorySweeper, RemovesLayerLinksWhoseDataIsGoneAlsoWhereAManifestNeedsThem) {
  push_image(kName, tag_of("v1"), "layer");
  const auto sha512 = push_by_sha512("another"), sha256 = oci::digest_of("another");
  driver().remove(paths::blob(oci::digest_of("layer")), storage::Survives::process_crash);
  driver().remove(paths::blob(sha256), storage::Survives::process_crash);
  collect();
  for (const auto& digest : {oci::digest_of("layer"), sha256, sha512}) {
    EXPECT_FALSE(has_layer(kName, digest)) << digest.str();
  }
}

TEST_P(RepositorySweeper, SaysNothingOfTheEmptyFoldersThatDeletesLeave) {
  const auto image = push_image(kName, tag_of("v1"), "image");
  const auto layer = push_blob(kName, "layer");
  manifests_.remove(kName, image);
  blobs_.remove(kName, layer);
  collect();
  EXPECT_FALSE(has(folder_of(paths::revision_link(kName, image))));
  EXPECT_FALSE(has(folder_of(paths::layer_link(kName, layer))));
  EXPECT_FALSE(said("a/b: layer link eligible for deletion: " + layer.str()));
}

TEST_P(RepositorySweeper, LeavesTheFolderOfTheTagsAsTheCollectorOf28NeedsIt) {
  if (GetParam() == Backend::memory) return;  // which has no empty folders
  push_image(kName, oci::digest_of(manifest(descriptor("kept"))), "kept");
  const auto gone = push_image(kName, tag_of("v1"), "gone");
  manifests_.remove(kName, gone);
  collect();
  EXPECT_TRUE(has(paths::tags(kName)));
  EXPECT_TRUE(has(paths::layers(kName)));
}

TEST_P(RepositorySweeper, RemovesEntriesOfATagsIndexForManifestsThatAreGone) {
  const auto old = push_image(kName, tag_of("v1"), "old");
  const auto now = push_image(kName, tag_of("v1"), "now");
  manifests_.remove(kName, old);
  collect();
  EXPECT_FALSE(has(folder_of(paths::tag_index(kName, tag_of("v1"), old))));
  EXPECT_TRUE(has(paths::tag_index(kName, tag_of("v1"), now)));
  EXPECT_TRUE(said("a/b: index entry of tag v1 eligible for deletion: " + old.str()));
}

TEST_P(RepositorySweeper, KeepsEntriesOfATagsIndexForManifestsThatAreThere) {
  const auto old = push_image(kName, tag_of("v1"), "old");
  push_image(kName, tag_of("v1"), "now");
  collect();
  EXPECT_TRUE(has(paths::tag_index(kName, tag_of("v1"), old)));
}

TEST_P(RepositorySweeper, RemovesTagsThatPointNowhere) {
  const auto image = push_image(kName, tag_of("v1"), "image");
  driver().remove(paths::tag_current(kName, tag_of("v1")), storage::Survives::process_crash);
  EXPECT_EQ(collect().manifests, 0U);
  EXPECT_FALSE(has(paths::tag(kName, tag_of("v1"))));
  EXPECT_TRUE(has_manifest(kName, image));
  EXPECT_TRUE(said("a/b: tag without a manifest eligible for deletion: v1"));
}

TEST_P(RepositorySweeper, RemovesWhatIsLeftOfCancelledUploads) {
  put(paths::uploads(kName) + "/cancelled/hashstates/sha256/0", "state");
  put(paths::upload_data(kName, "no-start"), "data");
  const auto going_on = uploads_.begin(kName);
  collect();
  EXPECT_THAT(names_in(paths::uploads(kName)), testing::ElementsAre(going_on));
  EXPECT_TRUE(said("a/b: cancelled upload eligible for deletion: cancelled"));
  EXPECT_EQ(uploads_.acknowledged(kName, going_on), 0U);
}

TEST_P(RepositorySweeper, LooksIntoRepositoriesThatAreNothingButAnUpload) {
  put(paths::uploads(kName) + "/cancelled/hashstates/sha256/0", "state");
  collect();
  EXPECT_THAT(names_in(paths::uploads(kName)), IsEmpty());
}

TEST_P(RepositorySweeper, RemovesTheOtherNamesOfManifestsThatAreGone) {
  const auto text = manifest(descriptor("image"));
  const auto sha512 = oci::digest_of(text, Algorithm::sha512);
  push_blob(kName, "image");
  push_manifest(kName, sha512, text);
  // As 2.8 deletes: it knows nothing of the other name.
  driver().remove(paths::revision_link(kName, oci::digest_of(text)),
                  storage::Survives::process_crash);
  ASSERT_TRUE(has(paths::manifest_alias(kName, sha512)));
  collect();
  EXPECT_FALSE(has(folder_of(paths::manifest_alias(kName, sha512))));
  EXPECT_TRUE(said("a/b: alias eligible for deletion: " + sha512.str()));
}

TEST_P(RepositorySweeper, KeepsTheOtherNamesOfManifestsThatStay) {
  const auto text = manifest(descriptor("image"));
  const auto sha512 = oci::digest_of(text, Algorithm::sha512);
  push_blob(kName, "image");
  push_manifest(kName, sha512, text);
  run(manifests_.put(kName, {sha512, {tag_of("v1")}, oci::MediaType::oci_manifest, text, {}}));
  collect({.delete_untagged = true});
  EXPECT_EQ(support::get(manifests_, kName, tag_of("v1"))->digest, sha512);
  EXPECT_TRUE(has_manifest(kName, sha512));
}

TEST_P(RepositorySweeper, RemovesTheNameThatATagWasPushedWithOnceTheTagIsGone) {
  const auto text = manifest(descriptor("image"));
  const auto sha512 = oci::digest_of(text, Algorithm::sha512);
  push_blob(kName, "image");
  run(manifests_.put(
      kName, {sha512, {tag_of("gone"), tag_of("stays")}, oci::MediaType::oci_manifest, text, {}}));
  // As 2.8 deletes: it knows nothing of the name.
  driver().remove_tree(paths::tag(kName, tag_of("gone")), storage::Survives::process_crash);
  collect();
  EXPECT_FALSE(has(paths::tag_alias(kName, tag_of("gone"))));
  EXPECT_TRUE(has(paths::tag_alias(kName, tag_of("stays"))));
}

TEST_P(RepositorySweeper, RemovesLinksToReferrersThatAreGone) {
  const auto image = push_image(kName, tag_of("v1"), "image");
  const auto gone = push_referrer(kName, image, "gone"),
             stays = push_referrer(kName, image, "stays");
  // As 2.8 deletes: it knows nothing of the link.
  driver().remove(paths::revision_link(kName, gone), storage::Survives::process_crash);
  collect();
  EXPECT_FALSE(has(folder_of(paths::referrer_link(kName, image, gone))));
  EXPECT_TRUE(has(paths::referrer_link(kName, image, stays)));
  EXPECT_TRUE(said("a/b: referrer eligible for deletion: " + gone.str()));
}

TEST_P(RepositorySweeper, LeavesStrayFilesInTheRepositoryAlone) {
  push_image(kName, tag_of("v1"), "image");
  const auto stray = {paths::repository(kName) + "/readme",
                      paths::layers(kName) + "/sha256/notes",
                      paths::layers(kName) + "/md5/" + std::string(32, '0') + "/link",
                      paths::revisions(kName) + "/sha256/notes",
                      paths::tags(kName) + "/notes",
                      paths::tags(kName) + "/-no-tag/current/link",
                      paths::uploads(kName) + "/notes"};
  for (const auto& path : stray) put(path, "x");
  EXPECT_EQ(collect({.delete_untagged = true}).damaged, 0U);
  for (const auto& path : stray) EXPECT_TRUE(has(path)) << path;
}

TEST_P(RepositorySweeper, LeavesWhatV3WasAboutToWriteBesideALinkThatIsThere) {
  const auto image = push_image(kName, tag_of("v1"), "image");
  const std::string suffix = ".0d0a6d1e-5b1c-4a4e-8d0a-000000000000.tmp";
  const auto beside = {paths::revision_link(kName, image) + suffix,
                       paths::tag_current(kName, tag_of("v1")) + suffix,
                       paths::blob(image) + suffix};
  for (const auto& path : beside) put(path, "");
  EXPECT_EQ(collect({.delete_untagged = true}).damaged, 0U);
  EXPECT_TRUE(has_manifest(kName, image));
}

}  // namespace
}  // namespace registry::maintenance
