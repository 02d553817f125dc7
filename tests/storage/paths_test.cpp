#include "registry/storage/paths.hpp"

#include <gtest/gtest.h>

namespace registry::storage::paths {
namespace {

const std::string kHex = "ab" + std::string(62, '1');
const std::string kHex512 = "cd" + std::string(126, '2');
const auto kDigest = *oci::Digest::parse("sha256:" + kHex);
const auto kSha512 = *oci::Digest::parse("sha512:" + kHex512);
const auto kName = *oci::RepositoryName::parse("library/alpine");
const auto kTag = *oci::Tag::parse("3.20");
const std::string kRepository = "docker/registry/v2/repositories/library/alpine";

// Where Docker Registry 2.8 has them, to the letter.
TEST(Paths, AreThoseOf28) {
  EXPECT_EQ(kRepositories, "docker/registry/v2/repositories");
  EXPECT_EQ(blob(kDigest), "docker/registry/v2/blobs/sha256/ab/" + kHex + "/data");
  EXPECT_EQ(repository(kName), kRepository);
  EXPECT_EQ(layers(kName), kRepository + "/_layers");
  EXPECT_EQ(layer_link(kName, kDigest), kRepository + "/_layers/sha256/" + kHex + "/link");
  EXPECT_EQ(layer_link(kName, kSha512), kRepository + "/_layers/sha512/" + kHex512 + "/link");
  EXPECT_EQ(manifests(kName), kRepository + "/_manifests");
  EXPECT_EQ(revisions(kName), kRepository + "/_manifests/revisions");
  EXPECT_EQ(revision_link(kName, kDigest),
            kRepository + "/_manifests/revisions/sha256/" + kHex + "/link");
  EXPECT_EQ(tags(kName), kRepository + "/_manifests/tags");
  EXPECT_EQ(tag(kName, kTag), kRepository + "/_manifests/tags/3.20");
  EXPECT_EQ(tag_current(kName, kTag), kRepository + "/_manifests/tags/3.20/current/link");
  EXPECT_EQ(tag_index(kName, kTag, kDigest),
            kRepository + "/_manifests/tags/3.20/index/sha256/" + kHex + "/link");
  EXPECT_EQ(upload(kName, "id"), kRepository + "/_uploads/id");
  EXPECT_EQ(upload_data(kName, "id"), kRepository + "/_uploads/id/data");
  EXPECT_EQ(upload_started_at(kName, "id"), kRepository + "/_uploads/id/startedat");
  EXPECT_EQ(upload_states(kName, "id"), kRepository + "/_uploads/id/hashstates/sha256");
}

TEST(Paths, OfOursAloneAreWhere28NeverLooks) {
  EXPECT_EQ(kOwn, ".registry");
  EXPECT_EQ(quarantine(kDigest), ".registry/quarantine/sha256-" + kHex);
}

}  // namespace
}  // namespace registry::storage::paths
