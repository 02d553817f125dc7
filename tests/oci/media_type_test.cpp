#include <gtest/gtest.h>

#include <string>

#include "manifest_texts.hpp"
#include "registry/oci/manifest.hpp"

namespace registry::oci {
namespace {

const std::string kOciManifest = "application/vnd.oci.image.manifest.v1+json";
const std::string kOciIndex = "application/vnd.oci.image.index.v1+json";
const std::string kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
const std::string kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
const std::string kSchema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";

TEST(MediaType, HasANameThatLeadsBackToIt) {
  EXPECT_EQ(to_string(MediaType::docker_manifest), kDockerManifest);
  EXPECT_EQ(to_string(MediaType::docker_list), kDockerList);
  EXPECT_EQ(to_string(MediaType::oci_manifest), kOciManifest);
  EXPECT_EQ(to_string(MediaType::oci_index), kOciIndex);
  for (const auto type : {MediaType::docker_manifest, MediaType::docker_list,
                          MediaType::oci_manifest, MediaType::oci_index}) {
    EXPECT_EQ(parse_media_type(to_string(type)), type);
  }
}

TEST(MediaType, IsOneOfFourExactly) {
  for (const std::string& text : {std::string(), std::string("application/json"), kSchema1,
                                  kOciManifest + " ", kOciManifest + "; charset=utf-8",
                                  std::string("APPLICATION/VND.OCI.IMAGE.MANIFEST.V1+JSON")}) {
    EXPECT_FALSE(parse_media_type(text)) << text;
  }
}

TEST(MediaType, OfAListIsAnIndex) {
  EXPECT_TRUE(is_index(MediaType::docker_list));
  EXPECT_TRUE(is_index(MediaType::oci_index));
  EXPECT_FALSE(is_index(MediaType::docker_manifest));
  EXPECT_FALSE(is_index(MediaType::oci_manifest));
}

TEST(StoredMediaType, IsWhatTheContentNames) {
  for (const auto type : {MediaType::docker_manifest, MediaType::oci_manifest}) {
    EXPECT_EQ(stored_media_type(texts::manifest_with("," + texts::media_type(type))),
              to_string(type));
  }
  EXPECT_EQ(stored_media_type(texts::index_with("," + texts::media_type(MediaType::docker_list))),
            kDockerList);
  EXPECT_EQ(stored_media_type(R"({"mediaType":"application/vnd.example+json"})"),
            "application/vnd.example+json");
}

TEST(StoredMediaType, IsNotThatOfADescriptor) {
  // The descriptors of both come before, and have types of their own.
  EXPECT_EQ(stored_media_type(texts::manifest_with("")), kOciManifest);
  EXPECT_EQ(stored_media_type(texts::index_with("")), kOciIndex);
  EXPECT_EQ(stored_media_type(R"({"x":[{"mediaType":"a/b"}],"mediaType":"c/d"})"), "c/d");
  EXPECT_EQ(stored_media_type(R"({"x":{"mediaType":"a/b","manifests":[]}})"), kOciManifest);
}

TEST(StoredMediaType, FollowsTheShapeWhereNoneIsNamed) {
  EXPECT_EQ(stored_media_type(R"({"schemaVersion":2,"manifests":[]})"), kOciIndex);
  EXPECT_EQ(stored_media_type(R"({"schemaVersion":2,"config":{}})"), kOciManifest);
  EXPECT_EQ(stored_media_type(R"({"mediaType":"","manifests":[]})"), kOciIndex);
  EXPECT_EQ(stored_media_type(R"({"mediaType":7,"manifests":[]})"), kOciIndex);
  EXPECT_EQ(stored_media_type(R"({"mediaType":null,"manifests":[]})"), kOciIndex);
}

TEST(StoredMediaType, KnowsSchema1) {
  EXPECT_EQ(stored_media_type(R"({"schemaVersion":1,"name":"a","fsLayers":[{"blobSum":"x"}]})"),
            kSchema1);
  EXPECT_EQ(stored_media_type(R"({"schemaVersion":1,"signatures":[]})"), kSchema1);
}

TEST(StoredMediaType, IsNotThatOfSchema1WhereOnlyANameIsTheSame) {
  EXPECT_EQ(stored_media_type(texts::manifest_with(R"(,"signatures":[])")), kOciManifest);
  EXPECT_EQ(stored_media_type(texts::manifest_with(R"(,"fsLayers":[])")), kOciManifest);
  EXPECT_EQ(stored_media_type(texts::index_with(R"(,"signatures":[])")), kOciIndex);
  EXPECT_EQ(stored_media_type(R"({"x":{"schemaVersion":1},"signatures":[]})"), kOciManifest);
}

TEST(StoredMediaType, OfManifestsThatAreNullFollowsTheConfig) {
  EXPECT_EQ(stored_media_type(texts::manifest_with(R"(,"manifests":null)")), kOciManifest);
  EXPECT_EQ(stored_media_type(R"({"schemaVersion":2,"manifests":null})"), kOciIndex);
  EXPECT_EQ(stored_media_type(R"({"schemaVersion":2,"manifests":null,"config":null})"), kOciIndex);
  EXPECT_EQ(stored_media_type(R"({"schemaVersion":2})"), kOciIndex);
}

TEST(StoredMediaType, OfBrokenJsonIsThatOfAManifest) {
  for (const char* content : {"", "{", "x", "null", "[]", "\xff", "{\"a\":", "[\"a/b\"]"}) {
    EXPECT_EQ(stored_media_type(content), kOciManifest) << content;
  }
  EXPECT_EQ(stored_media_type(R"({"manifests":[{)"), kOciIndex);
}

TEST(StoredMediaType, NeverHoldsWhatAHeaderMayNot) {
  for (const char* text :
       {R"(a/b\r\nX: y)", R"(a\u0000b)", R"(a b)", "a/\xc3\xa4", R"(a\u007f)", R"(\t)"}) {
    EXPECT_EQ(stored_media_type(R"({"mediaType":")" + std::string(text) + R"("})"), kOciManifest)
        << text;
  }
  EXPECT_EQ(stored_media_type(R"({"mediaType":")" + std::string(256, 'a') + R"("})"), kOciManifest);
  EXPECT_EQ(stored_media_type(R"({"mediaType":")" + std::string(255, 'a') + R"("})"),
            std::string(255, 'a'));
}

TEST(StoredMediaType, OfDeeplyNestedContentIsFoundToo) {
  const std::string open(100'000, '['), close(100'000, ']');
  EXPECT_EQ(stored_media_type("{\"x\":" + open + close + ",\"mediaType\":\"a/b\"}"), "a/b");
}

}  // namespace
}  // namespace registry::oci
