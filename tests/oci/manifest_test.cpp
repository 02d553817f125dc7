#include "registry/oci/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "manifest_texts.hpp"
#include "registry/oci/error.hpp"

namespace registry::oci {
namespace {

using texts::descriptor;
using texts::index_with;
using texts::manifest_with;
using texts::manifest_with_config;

Digest digest(char digit) {
  return *Digest::parse(texts::digest(digit));
}

TEST(Manifest, ReadsADockerManifest) {
  const auto content = manifest_with("," + texts::media_type(MediaType::docker_manifest));
  const auto manifest = read_manifest(content, MediaType::docker_manifest);
  EXPECT_EQ(manifest.media_type, MediaType::docker_manifest);
  ASSERT_EQ(manifest.blobs.size(), 3U);
  EXPECT_EQ(manifest.blobs[0].digest, digest('a'));  // the config first
  EXPECT_EQ(manifest.blobs[1].digest, digest('b'));
  EXPECT_EQ(manifest.blobs[2].digest, digest('c'));
  EXPECT_EQ(manifest.blobs[0].size_bytes, 7U);
  EXPECT_TRUE(manifest.manifests.empty());
  EXPECT_FALSE(manifest.subject);
}

TEST(Manifest, HasTheConfigFirstWhereverItStands) {
  const auto manifest = read_manifest(R"({"layers":[)" + descriptor('b') + R"(],"config":)" +
                                          descriptor('a') + R"(,"schemaVersion":2})",
                                      MediaType::oci_manifest);
  ASSERT_EQ(manifest.blobs.size(), 2U);
  EXPECT_EQ(manifest.blobs[0].digest, digest('a'));
}

TEST(Manifest, ReadsADockerList) {
  const auto content = index_with("," + texts::media_type(MediaType::docker_list));
  const auto manifest = read_manifest(content, MediaType::docker_list);
  EXPECT_EQ(manifest.media_type, MediaType::docker_list);
  ASSERT_EQ(manifest.manifests.size(), 2U);
  EXPECT_EQ(manifest.manifests[0].digest, digest('d'));
  EXPECT_EQ(manifest.manifests[1].digest, digest('e'));
  EXPECT_TRUE(manifest.blobs.empty());
}

TEST(Manifest, ReadsOciTypesWithAndWithoutMediaType) {
  for (const std::string& more :
       {std::string(), "," + texts::media_type(MediaType::oci_manifest)}) {
    EXPECT_EQ(read_manifest(manifest_with(more), MediaType::oci_manifest).blobs.size(), 3U);
  }
  for (const std::string& more : {std::string(), "," + texts::media_type(MediaType::oci_index)}) {
    EXPECT_EQ(read_manifest(index_with(more), MediaType::oci_index).manifests.size(), 2U);
  }
}

TEST(Manifest, SaysItsOwnTypeWhereTheClientDoesNot) {
  for (const auto type : {MediaType::docker_manifest, MediaType::oci_manifest}) {
    const auto content = manifest_with("," + texts::media_type(type));
    EXPECT_EQ(read_manifest(content, std::nullopt).media_type, type);
  }
  for (const auto type : {MediaType::docker_list, MediaType::oci_index}) {
    const auto content = index_with("," + texts::media_type(type));
    EXPECT_EQ(read_manifest(content, std::nullopt).media_type, type);
  }
}

TEST(Manifest, NamesItsSubject) {
  const auto subject = R"(,"artifactType":"a/b","subject":)" + descriptor('f');
  const auto manifest = read_manifest(manifest_with(subject), MediaType::oci_manifest);
  ASSERT_TRUE(manifest.subject);
  EXPECT_EQ(manifest.subject->digest, digest('f'));
  EXPECT_EQ(manifest.blobs.size(), 3U);  // it need not be there
  const auto index = read_manifest(index_with(subject), MediaType::oci_index);
  ASSERT_TRUE(index.subject);
}

TEST(Manifest, MayHaveNoLayersOrChildren) {
  EXPECT_EQ(
      read_manifest(manifest_with_config(descriptor('a')), MediaType::oci_manifest).blobs.size(),
      1U);
  EXPECT_EQ(read_manifest(R"({"schemaVersion":2,"config":)" + descriptor('a') + '}',
                          MediaType::oci_manifest)
                .blobs.size(),
            1U);
  EXPECT_TRUE(read_manifest(R"({"schemaVersion":2,"manifests":[]})", MediaType::oci_index)
                  .manifests.empty());
  EXPECT_TRUE(read_manifest(R"({"schemaVersion":2})", MediaType::oci_index).manifests.empty());
}

TEST(Manifest, KnowsForeignLayers) {
  const auto content = R"({"schemaVersion":2,"config":)" + descriptor('a') + R"(,"layers":[)" +
                       descriptor('b', R"(,"urls":["https://a/b","HTTP://c"])") + ',' +
                       descriptor('c', R"(,"urls":[])") + "]}";
  const auto manifest = read_manifest(content, MediaType::oci_manifest);
  ASSERT_EQ(manifest.blobs.size(), 3U);
  EXPECT_THAT(manifest.blobs[0].urls, testing::IsEmpty());
  EXPECT_THAT(manifest.blobs[1].urls, testing::ElementsAre("https://a/b", "HTTP://c"));
  EXPECT_THAT(manifest.blobs[2].urls, testing::IsEmpty());
}

TEST(Manifest, TakesSha512References) {
  const auto text = "sha512:" + std::string(128, '1');
  const auto manifest = read_manifest(
      manifest_with_config(R"({"digest":")" + text + R"(","size":1})"), MediaType::oci_manifest);
  EXPECT_EQ(manifest.blobs.front().digest.str(), text);
}

TEST(Manifest, TakesSizesUpToTheLargestOfGo) {
  for (const char* size : {"0", "9223372036854775807"}) {
    const auto config = R"({"digest":")" + texts::digest('a') + R"(","size":)" + size + '}';
    const auto manifest = read_manifest(manifest_with_config(config), MediaType::oci_manifest);
    EXPECT_EQ(std::to_string(manifest.blobs.front().size_bytes), size);
  }
}

TEST(Manifest, KeepsAllFieldsOfADescriptorApart) {
  const auto child =
      descriptor('d', R"(,"artifactType":"x/y","data":"aGk=","annotations":{"k":"v"},)"
                      R"("platform":{"architecture":"amd64","os":"linux",)"
                      R"("os.version":"1","os.features":["f"],"variant":"v8",)"
                      R"("features":["sse4"]})");
  const auto manifest =
      read_manifest(R"({"schemaVersion":2,"annotations":{"a":"b"},"manifests":[)" + child + ',' +
                        descriptor('e') + "]}",
                    MediaType::oci_index);
  ASSERT_EQ(manifest.manifests.size(), 2U);
  EXPECT_EQ(manifest.manifests[0].digest, digest('d'));
  EXPECT_EQ(manifest.manifests[0].platform, "linux/amd64");
  EXPECT_EQ(manifest.manifests[1].platform, "");
}

class UnknownField : public testing::TestWithParam<const char*> {};

TEST_P(UnknownField, MayHaveAnyShapeAnywhere) {
  const std::string field = std::string(R"(,"x-new":)") + GetParam();
  EXPECT_EQ(read_manifest(manifest_with(field), MediaType::oci_manifest).blobs.size(), 3U);
  EXPECT_EQ(read_manifest(index_with(field), MediaType::oci_index).manifests.size(), 2U);
  const auto config = descriptor('a', field);
  EXPECT_EQ(read_manifest(manifest_with_config(config), MediaType::oci_manifest).blobs.size(), 1U);
  const auto platform = descriptor('a', R"(,"platform":{"os":"linux")" + field + '}');
  EXPECT_EQ(read_manifest(manifest_with_config(platform), MediaType::oci_manifest).blobs.size(),
            1U);
}

INSTANTIATE_TEST_SUITE_P(Manifest, UnknownField,
                         testing::Values("null", "true", "\"text\"", "1", "-1", "9.5", "1e3",
                                         "18446744073709551615", "99999999999999999999", "[]", "{}",
                                         "[[[1,null]],{}]", R"({"config":1,"digest":{},"a":[{}]})",
                                         R"({"k":1,"k":2})", R"([{"layers":[{"size":9.5}]}])"));

class NullField : public testing::TestWithParam<const char*> {};

TEST_P(NullField, IsAbsent) {
  EXPECT_EQ(read_manifest(manifest_with("," + std::string(GetParam())), MediaType::oci_manifest)
                .blobs.size(),
            3U);
}

// As in Go. An empty list would be there, and refused.
INSTANTIATE_TEST_SUITE_P(Manifest, NullField,
                         testing::Values(R"("manifests":null)", R"("mediaType":null)",
                                         R"("subject":null)", R"("annotations":null)",
                                         R"("artifactType":null)"));

TEST(Manifest, TakesNullForTheFieldsOfTheOtherKind) {
  EXPECT_EQ(read_manifest(index_with(R"(,"config":null,"layers":null)"), MediaType::oci_index)
                .manifests.size(),
            2U);
}

TEST(Manifest, TakesNullInADescriptor) {
  const auto config =
      descriptor('a', R"(,"urls":null,"annotations":null,"platform":null,"data":null)");
  EXPECT_EQ(read_manifest(manifest_with_config(config), MediaType::oci_manifest).blobs.size(), 1U);
}

TEST(Manifest, MayBeFormattedInAnyWay) {
  const auto content =
      "\n\t { \"schemaVersion\" : 2 ,\r\n \"config\" : " + descriptor('a') + " }\n ";
  EXPECT_EQ(read_manifest(content, MediaType::oci_manifest).blobs.size(), 1U);
}

TEST(Manifest, MayHaveManyLayers) {
  std::string layers = descriptor('b');
  for (int i = 0; i < 9'999; ++i) layers += ',' + descriptor('b');
  const auto content =
      R"({"schemaVersion":2,"config":)" + descriptor('a') + R"(,"layers":[)" + layers + "]}";
  EXPECT_EQ(read_manifest(content, MediaType::oci_manifest).blobs.size(), 10'001U);
}

}  // namespace
}  // namespace registry::oci
