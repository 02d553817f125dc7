#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/oci/manifest.hpp"

namespace registry::oci {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Digest digest(char c) {
  return *Digest::parse("sha256:" + std::string(64, c));
}
std::string descriptor(char c, const std::string& more = "") {
  return R"({"digest":")" + digest(c).str() + '"' + more + '}';
}

TEST(StoredDocument, SaysWhatAManifestReferences) {
  const auto read = read_stored(R"({"layers":[)" + descriptor('b') + ',' + descriptor('c') +
                                R"(],"config":)" + descriptor('a', R"(,"mediaType":"c/c")") +
                                R"(,"subject":)" + descriptor('d') + "}");
  EXPECT_TRUE(read.is_whole);
  EXPECT_THAT(read.references, ElementsAre(digest('a'), digest('b'), digest('c')));
  EXPECT_EQ(read.subject, digest('d'));
  EXPECT_EQ(read.artifact_type, "c/c");
}

TEST(StoredDocument, SaysWhatAnIndexReferences) {
  const auto read = read_stored(
      R"({"mediaType":"application/vnd.oci.image.index.v1+json","artifactType":"t/t","manifests":[)" +
      descriptor('a') + R"(],"annotations":{"k":"v","l":"w"}})");
  EXPECT_THAT(read.references, ElementsAre(digest('a')));
  EXPECT_EQ(read.media_type, "application/vnd.oci.image.index.v1+json");
  EXPECT_EQ(read.artifact_type, "t/t");
  EXPECT_THAT(read.annotations, ElementsAre(testing::Pair("k", "v"), testing::Pair("l", "w")));
}

TEST(StoredDocument, TellsBuildCacheApart) {
  const std::string cache = R"(,"mediaType":"application/vnd.buildkit.cacheconfig.v0")";
  const std::string layer = R"(,"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip")";
  const auto is_cache = [](const std::string& text) { return read_stored(text).is_build_cache; };
  EXPECT_TRUE(is_cache(R"({"config":)" + descriptor('a', cache) + R"(,"layers":[]})"));
  EXPECT_TRUE(
      is_cache(R"({"manifests":[)" + descriptor('a', layer) + ',' + descriptor('b', cache) + "]}"));
  EXPECT_FALSE(is_cache(R"({"config":)" + descriptor('a', layer) + R"(,"layers":[]})"));
  EXPECT_FALSE(is_cache(R"({"annotations":{"a":"application/vnd.buildkit.cacheconfig.v0"}})"));
}

TEST(StoredDocument, KnowsNamesInAnyCaseAsGoDoes) {
  const auto read = read_stored(R"({"Layers":[{"DIGEST":")" + digest('a').str() + R"("}]})");
  EXPECT_THAT(read.references, ElementsAre(digest('a')));
}

TEST(StoredDocument, KnowsTheLayersOfSchema1) {
  const auto read = read_stored(R"({"fsLayers":[{"blobSum":")" + digest('a').str() + R"("}]})");
  EXPECT_THAT(read.references, ElementsAre(digest('a')));
}

TEST(StoredDocument, TakesNoDigestsFromElsewhere) {
  const auto text = '"' + digest('a').str() + '"';
  for (const auto& content :
       {R"({"annotations":{"digest":)" + text + "}}",
        R"({"layers":[{"x":{"digest":)" + text + "}}]}", R"({"other":{"digest":)" + text + "}}",
        R"({"digest":)" + text + "}", R"({"layers":{"digest":)" + text + "}}"}) {
    const auto read = read_stored(content);
    EXPECT_THAT(read.references, IsEmpty()) << content;
    EXPECT_FALSE(read.subject) << content;
    EXPECT_TRUE(read.is_whole) << content;
  }
}

TEST(StoredDocument, SaysWhereItCannotBeReadToItsEnd) {
  for (const auto& content : {std::string(), std::string("{"), std::string("garbage"),
                              R"({"layers":[)" + descriptor('a') + "]"}) {
    EXPECT_FALSE(read_stored(content).is_whole) << content;
  }
}

}  // namespace
}  // namespace registry::oci
