// Which manifests stay, and what they keep.
#include "maintenance_test.hpp"

namespace registry::maintenance {
namespace {

using testing::Contains;
using testing::Not;

class RepositoryMarker : public MaintenanceTest {
 protected:
  Collected collect_untagged() { return collect({.delete_untagged = true}); }

  const oci::RepositoryName kName = name_of("a/b");
};
ON_EACH_DRIVER(RepositoryMarker);

TEST_P(RepositoryMarker, MarksFromEveryRevisionTaggedOrNot) {
  const auto old = push_image(kName, tag_of("v1"), "old");
  push_image(kName, tag_of("v1"), "now");
  const auto by_digest = oci::digest_of(manifest(descriptor("by digest")));
  push_image(kName, by_digest, "by digest");
  EXPECT_EQ(collect().manifests, 0U);
  EXPECT_TRUE(has_manifest(kName, old));
  EXPECT_TRUE(has_manifest(kName, by_digest));
  for (const auto* text : {"old", "now", "by digest"}) EXPECT_TRUE(has_blob(text)) << text;
}

TEST_P(RepositoryMarker, DropsWhatADeletedManifestNeeded) {
  const auto gone = push_image(kName, tag_of("v1"), "gone");
  push_image(kName, tag_of("v2"), "kept");
  manifests_.remove(kName, gone);
  collect();
  EXPECT_FALSE(has_blob("gone"));
  EXPECT_TRUE(has_blob("kept"));
}

TEST_P(RepositoryMarker, DropsManifestsThatNoTagLeadsToWithAllThatIsTheirs) {
  const auto old = push_image(kName, tag_of("v1"), "old");
  const auto now = push_image(kName, tag_of("v1"), "now");
  EXPECT_EQ(collect_untagged().manifests, 1U);
  EXPECT_FALSE(has(folder_of(paths::revision_link(kName, old))));
  EXPECT_FALSE(has(folder_of(paths::tag_index(kName, tag_of("v1"), old))));
  EXPECT_FALSE(has(paths::blob(old)));
  EXPECT_FALSE(has_blob("old"));
  EXPECT_TRUE(has(paths::tag_index(kName, tag_of("v1"), now)));
  EXPECT_TRUE(has_manifest(kName, now));
  EXPECT_TRUE(has_blob("now"));
}

TEST_P(RepositoryMarker, KeepsTheChildrenOfTaggedIndexesHoweverDeep) {
  const auto leaf = push_image(kName, oci::digest_of(manifest(descriptor("leaf"))), "leaf");
  const auto inner_text = index_of({leaf});
  const auto inner = push_index(kName, oci::digest_of(inner_text), inner_text);
  const auto outer = push_index(kName, tag_of("all"), index_of({inner}));
  EXPECT_EQ(collect_untagged().manifests, 0U);
  for (const auto& digest : {leaf, inner, outer}) EXPECT_TRUE(has_manifest(kName, digest));
  EXPECT_TRUE(has_blob("leaf"));
}

TEST_P(RepositoryMarker, DropsTheChildrenOfAnIndexThatNoTagLeadsTo) {
  const auto leaf = push_image(kName, oci::digest_of(manifest(descriptor("leaf"))), "leaf");
  const auto text = index_of({leaf});
  push_index(kName, oci::digest_of(text), text);
  EXPECT_EQ(collect_untagged().manifests, 2U);
  EXPECT_FALSE(has_blob("leaf"));
}

TEST_P(RepositoryMarker, KeepsWhatRefersToWhatStaysAndWhatRefersToThat) {
  const auto image = push_image(kName, tag_of("v1"), "image");
  const auto signature = push_referrer(kName, image, "signature");
  const auto of_signature = push_referrer(kName, signature, "of the signature");
  EXPECT_EQ(collect_untagged().manifests, 0U);
  EXPECT_TRUE(has_manifest(kName, signature));
  EXPECT_TRUE(has_manifest(kName, of_signature));
  EXPECT_TRUE(has_blob("of the signature"));
  EXPECT_EQ(referrers_.list(kName, image, "", 10, {}).referrers.size(), 1U);
}

TEST_P(RepositoryMarker, KeepsTheReferrersOfTheChildrenOfATaggedIndex) {
  const auto leaf = push_image(kName, oci::digest_of(manifest(descriptor("leaf"))), "leaf");
  push_index(kName, tag_of("all"), index_of({leaf}));
  const auto signature = push_referrer(kName, leaf, "signature");
  collect_untagged();
  EXPECT_TRUE(has_manifest(kName, signature));
}

TEST_P(RepositoryMarker, DropsWhatRefersToAManifestThatGoesOrNeverCame) {
  const auto image = push_image(kName, oci::digest_of(manifest(descriptor("image"))), "image");
  const auto of_it = push_referrer(kName, image, "of the image");
  const auto of_none = push_referrer(kName, oci::digest_of("nobody has this"), "of none");
  EXPECT_EQ(collect_untagged().manifests, 3U);
  for (const auto& digest : {image, of_it, of_none}) EXPECT_FALSE(has_manifest(kName, digest));
  EXPECT_FALSE(has(paths::referrer_link(kName, image, of_it)));
}

TEST_P(RepositoryMarker, EndsWhereManifestsReferToOneAnotherInARing) {
  // No client can make one, as a digest would have to be known before the content is.
  const auto one = oci::digest_of("one"), two = oci::digest_of("two");
  for (const auto& [self, other] : {std::pair(one, two), std::pair(two, one)}) {
    put(paths::revision_link(kName, self), self.str());
    put(paths::blob(self), R"({"manifests":[)" + descriptor(other, 1) + R"(],"subject":)" +
                               descriptor(other, 1) + '}');
  }
  EXPECT_EQ(collect_untagged().manifests, 2U);
}

TEST_P(RepositoryMarker, FollowsReferencesBySha512) {
  const auto text = manifest(descriptor("leaf"));
  push_blob(kName, "leaf");
  const auto leaf512 = oci::digest_of(text, oci::Algorithm::sha512);
  push_manifest(kName, leaf512, text);
  push_index(kName, tag_of("all"), index(descriptor(leaf512, text.size())));
  EXPECT_EQ(collect_untagged().manifests, 0U);
  EXPECT_TRUE(has_manifest(kName, oci::digest_of(text)));
  EXPECT_TRUE(has_manifest(kName, leaf512));  // by its alias
  EXPECT_TRUE(has_blob("leaf"));
}

TEST_P(RepositoryMarker, DropsNoManifestWhereANameOfATaggedIndexIsDamaged) {
  push_blob(kName, "image");
  const auto child = manifest(descriptor("image"));
  const auto sha512 = oci::digest_of(child, oci::Algorithm::sha512);
  push_manifest(kName, sha512, child);
  push_index(kName, tag_of("all"), index(descriptor(sha512, child.size())));
  put(paths::manifest_alias(kName, sha512), "");
  const auto collected = collect({.delete_untagged = true});
  EXPECT_TRUE(collected.sweep_was_stopped);
  EXPECT_TRUE(has_manifest(kName, oci::digest_of(child)));
  EXPECT_TRUE(has_blob("image"));
}

TEST_P(RepositoryMarker, KeepsBlobsThatAreNamedByTheirSha512) {
  const std::string layer = "a layer";
  const auto sha512 = oci::digest_of(layer, oci::Algorithm::sha512);
  const auto upload = run(uploads_.open(kName, uploads_.begin(kName)));
  upload->append(content::bytes_of(layer));
  run(upload->commit(sha512));
  push_blob(kName, "config");
  push_manifest(kName, tag_of("v1"),
                manifest(descriptor("config"), descriptor(sha512, layer.size())));
  EXPECT_EQ(collect_untagged().blobs, 0U);
  EXPECT_TRUE(blobs_.stat(kName, sha512));
  EXPECT_TRUE(blobs_.stat(kName, oci::digest_of(layer)));
  EXPECT_THAT(said(), Contains("a/b: marking blob " + sha512.str()));
}

TEST_P(RepositoryMarker, KeepsWhatRefersToAManifestByItsSha512) {
  const auto text = manifest(descriptor("image"));
  push_blob(kName, "image");
  push_manifest(kName, tag_of("v1"), text);
  const auto sha512 = oci::digest_of(text, oci::Algorithm::sha512);
  push_manifest(kName, sha512, text);
  const auto signature = push_referrer(kName, sha512, "signature");
  EXPECT_EQ(collect_untagged().manifests, 0U);
  EXPECT_TRUE(has_manifest(kName, signature));
}

TEST_P(RepositoryMarker, KeepsTheChildrenThatASparseIndexHas) {
  const auto leaf = push_image(kName, oci::digest_of(manifest(descriptor("leaf"))), "leaf");
  const auto absent = oci::digest_of("not here"),
             absent512 = oci::digest_of("not here", oci::Algorithm::sha512);
  const auto content =
      index(descriptor(leaf, 1) + ',' + descriptor(absent, 2) + ',' + descriptor(absent512, 3));
  // As it is stored where validation.manifests.indexes allows it.
  const auto digest = oci::digest_of(content);
  put(paths::blob(digest), content);
  put(paths::revision_link(kName, digest), digest.str());
  put(paths::tag_current(kName, tag_of("all")), digest.str());
  const auto collected = collect_untagged();
  EXPECT_EQ(collected.manifests, 0U);
  EXPECT_EQ(collected.damaged, 0U);
  EXPECT_TRUE(has_manifest(kName, leaf));
  EXPECT_THAT(said(), Contains("a/b: marking blob " + absent.str()));
}

TEST_P(RepositoryMarker, KeepsChildrenThatAreBlobs) {
  push_blob(kName, "no manifest");
  push_index(kName, tag_of("v1"), index(descriptor("no manifest")));
  EXPECT_EQ(collect_untagged().blobs, 0U);
  EXPECT_TRUE(blobs_.stat(kName, oci::digest_of("no manifest")));
}

TEST_P(RepositoryMarker, KeepsTheLayersOfSchema1) {
  const auto layer = push_blob(kName, "layer");
  const auto content = R"({"schemaVersion":1,"fsLayers":[{"blobSum":")" + layer.str() + "\"}]}";
  const auto digest = oci::digest_of(content);
  put(paths::blob(digest), content);
  put(paths::revision_link(kName, digest), digest.str());
  collect();
  EXPECT_TRUE(has_blob("layer"));
}

TEST_P(RepositoryMarker, MarksNothingForABlobThatAnAnnotationNames) {
  push_blob(kName, "config");
  push_blob(kName, "named aside");
  const auto aside = R"({"digest":")" + oci::digest_of("named aside").str() + "\"}";
  push_manifest(kName, tag_of("v1"),
                R"({"schemaVersion":2,"config":)" + descriptor("config") +
                    R"(,"layers":[],"annotations":)" + aside + '}');
  collect();
  EXPECT_FALSE(has_blob("named aside"));
  EXPECT_THAT(said(), Not(Contains("a/b: marking blob " + oci::digest_of("named aside").str())));
}

}  // namespace
}  // namespace registry::maintenance
