#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "manifest_texts.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/manifest.hpp"

namespace registry::oci {
namespace {

using testing::HasSubstr;
using texts::descriptor;
using texts::digest;
using texts::index_with;
using texts::manifest_with;
using texts::manifest_with_config;

// Why the content is refused; empty: it is not.
std::string refusal(const std::string& content, std::optional<MediaType> declared) {
  try {
    read_manifest(content, declared);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::manifest_invalid) << content.substr(0, 200);
    EXPECT_EQ(error.status(), 400U);
    EXPECT_FALSE(error.detail().get<std::string>().empty()) << content.substr(0, 200);
    return error.detail();
  }
  return "";
}

std::string refusal(const std::string& content) {
  return refusal(content, MediaType::oci_manifest);
}

// A wrong value of a field, and where the refusal has to point.
struct Wrong {
  const char* field;
  const char* value;
};

std::string shown(const Wrong& wrong) {
  return std::string(wrong.field) + "=" + wrong.value;
}

class WrongInRoot : public testing::TestWithParam<Wrong> {};

TEST_P(WrongInRoot, IsRefusedByName) {
  const auto& [field, value] = GetParam();
  std::string content = "{";
  if (std::string(field) != "schemaVersion") content += R"("schemaVersion":2,)";
  if (std::string(field) != "config") content += R"("config":)" + descriptor('a') + ',';
  content += '"' + std::string(field) + "\":" + value + '}';
  EXPECT_THAT(refusal(content), HasSubstr(field)) << shown(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    ManifestRefusals, WrongInRoot,
    testing::Values(Wrong{"schemaVersion", "\"2\""}, Wrong{"schemaVersion", "2.0"},
                    Wrong{"schemaVersion", "1"}, Wrong{"schemaVersion", "2e0"},
                    Wrong{"schemaVersion", "true"}, Wrong{"schemaVersion", "[2]"},
                    Wrong{"schemaVersion", "null"}, Wrong{"schemaVersion", "{}"},
                    Wrong{"schemaVersion", "-2"}, Wrong{"mediaType", "1"}, Wrong{"mediaType", "[]"},
                    Wrong{"mediaType", "{}"}, Wrong{"mediaType", "true"},
                    Wrong{"artifactType", "1"}, Wrong{"artifactType", "{}"}, Wrong{"config", "[]"},
                    Wrong{"config", "\"x\""}, Wrong{"config", "1"}, Wrong{"config", "false"},
                    Wrong{"config", "null"}, Wrong{"config", "{}"}, Wrong{"layers", "{}"},
                    Wrong{"layers", "\"x\""}, Wrong{"layers", "1"}, Wrong{"layers", "[1]"},
                    Wrong{"layers", "[null]"}, Wrong{"layers", "[[]]"}, Wrong{"layers", "[\"x\"]"},
                    Wrong{"layers", "[true]"}, Wrong{"layers", "[9.5]"}, Wrong{"manifests", "{}"},
                    Wrong{"manifests", "[1]"}, Wrong{"subject", "[]"}, Wrong{"subject", "\"x\""},
                    Wrong{"subject", "{}"}, Wrong{"annotations", "[]"},
                    Wrong{"annotations", "\"x\""}, Wrong{"annotations", R"({"a":1})"},
                    Wrong{"annotations", R"({"a":1.5})"}, Wrong{"annotations", R"({"a":{}})"},
                    Wrong{"annotations", R"({"a":[]})"}, Wrong{"annotations", R"({"a":true})"}),
    [](const auto& info) { return "Case" + std::to_string(info.index); });

class WrongInDescriptor : public testing::TestWithParam<Wrong> {};

TEST_P(WrongInDescriptor, IsRefusedByName) {
  const auto& [field, value] = GetParam();
  std::string config = "{";
  if (std::string(field) != "digest") config += R"("digest":")" + digest('a') + "\",";
  if (std::string(field) != "size") config += R"("size":7,)";
  config += '"' + std::string(field) + "\":" + value + '}';
  EXPECT_THAT(refusal(manifest_with_config(config)), HasSubstr("config")) << shown(GetParam());
  const auto index = R"({"schemaVersion":2,"manifests":[)" + config + "]}";
  EXPECT_THAT(refusal(index, MediaType::oci_index), HasSubstr("manifests")) << shown(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    ManifestRefusals, WrongInDescriptor,
    testing::Values(
        Wrong{"size", "9.5"}, Wrong{"size", "7.0"}, Wrong{"size", "1e3"}, Wrong{"size", "-1"},
        Wrong{"size", "9223372036854775808"}, Wrong{"size", "18446744073709551616"},
        Wrong{"size", "-9223372036854775809"}, Wrong{"size", "\"7\""}, Wrong{"size", "true"},
        Wrong{"size", "[]"}, Wrong{"size", "{}"}, Wrong{"size", "null"}, Wrong{"digest", "1"},
        Wrong{"digest", "null"}, Wrong{"digest", "\"\""}, Wrong{"digest", "\"sha256:abc\""},
        Wrong{"digest", "[]"}, Wrong{"digest", "{}"}, Wrong{"mediaType", "1"},
        Wrong{"mediaType", "{}"}, Wrong{"urls", "\"https://a\""}, Wrong{"urls", "{}"},
        Wrong{"urls", "[1]"}, Wrong{"urls", "[[]]"}, Wrong{"urls", "[true]"},
        Wrong{"urls", "[null]"}, Wrong{"platform", R"({"os.features":[null]})"},
        Wrong{"annotations", R"({"a":1})"}, Wrong{"annotations", "[]"}, Wrong{"platform", "[]"},
        Wrong{"platform", "\"linux\""}, Wrong{"platform", R"({"os":1})"},
        Wrong{"platform", R"({"os":[]})"}, Wrong{"platform", R"({"architecture":{}})"},
        Wrong{"platform", R"({"os.version":1})"}, Wrong{"platform", R"({"os.features":"x"})"},
        Wrong{"platform", R"({"os.features":[1]})"}, Wrong{"platform", R"({"variant":1})"},
        Wrong{"platform", R"({"features":{}})"}, Wrong{"artifactType", "1"}, Wrong{"data", "1"},
        Wrong{"data", "[]"}),
    [](const auto& info) { return "Case" + std::to_string(info.index); });

TEST(ManifestRefusals, NameTheFieldWithItsPath) {
  EXPECT_THAT(refusal(manifest_with_config(descriptor('a', R"(,"platform":{"os.features":[1]})"))),
              HasSubstr("config.platform.os.features: must be a string, not a number"));
  EXPECT_THAT(refusal(manifest_with(R"(,"annotations":{"a":1})")), HasSubstr("annotations"));
}

TEST(ManifestRefusals, CoverOtherSpellingsOfKnownNames) {
  const auto layers = R"(,"Layers":[)" + descriptor('b') + ']';
  EXPECT_THAT(refusal(manifest_with(layers)), HasSubstr("must be spelled layers"));
  for (const char* name : {"Config", "LAYERS", "MANIFESTS", "mediatype", "SchemaVersion", "SUBJECT",
                           "Annotations", "ArtifactType", "layer\xc5\xbf", "\u017fchemaVersion"}) {
    EXPECT_NE(refusal(manifest_with(",\"" + std::string(name) + "\":null")), "") << name;
  }
  for (const char* name :
       {"SIZE", "Digest", "URLs", "\xc5\xbfize", "url\xc5\xbf", "dige\xc5\xbft", "MEDIATYPE"}) {
    const auto config = descriptor('a', ",\"" + std::string(name) + "\":null");
    EXPECT_NE(refusal(manifest_with_config(config)), "") << name;
  }
  // As an escape it is the same name.
  EXPECT_NE(refusal(manifest_with(R"(,"layer\u017f":null)")), "");
  EXPECT_NE(refusal(manifest_with(R"(,"\u004cayers":null)")), "");
}

TEST(ManifestRefusals, DoNotCoverWhatOnlyLooksLikeAKnownName) {
  // The Kelvin sign folds into k, which no known name has.
  EXPECT_EQ(refusal(manifest_with(",\"\xe2\x84\xaaind\":1,\"layers2\":1,\"\xc3\x9fize\":1")), "");
  // Keys of the user's own.
  EXPECT_EQ(refusal(manifest_with(R"(,"annotations":{"Layers":"x","SIZE":"y","a":"b","a":"c"})")),
            "");
}

TEST(ManifestRefusals, CoverNamesThatAreGivenTwice) {
  const auto twice = manifest_with(R"(,"config":)" + descriptor('e'));
  EXPECT_THAT(refusal(twice), HasSubstr("config: is there twice"));
  EXPECT_NE(refusal(manifest_with(R"(,"schemaVersion":2)")), "");
  EXPECT_NE(refusal(manifest_with(R"(,"layers":null)")), "");
  EXPECT_NE(refusal(manifest_with_config(descriptor('a', R"(,"size":7)"))), "");
  EXPECT_NE(refusal(manifest_with_config(descriptor('a', R"(,"platform":{"os":"a","os":"b"})"))),
            "");
  // The second spelling is an escape of the first.
  EXPECT_NE(refusal(manifest_with_config(descriptor('a', R"(,"siz\u0065":9)"))), "");
}

TEST(ManifestRefusals, CoverDocumentsThatAreNoObject) {
  for (const char* content : {"null", "[]", "[{}]", "1", "-1", "1.5", "\"x\"", "true", "false"}) {
    EXPECT_THAT(refusal(content), HasSubstr("a manifest is a JSON object")) << content;
  }
}

TEST(ManifestRefusals, CoverWhatIsNotJson) {
  const auto good = manifest_with("");
  ASSERT_EQ(refusal(good), "");
  for (const std::string& content :
       {std::string(), std::string(" "), std::string("{"), std::string("x"), good + "x",
        good + "{}", good + ",", good + std::string(1, '\0'), good + std::string("\0{", 2),
        good.substr(0, good.size() - 1), '\'' + good, manifest_with(R"(,"x":01)"),
        manifest_with(R"(,"x":NaN)"), manifest_with(R"(,"x":'a')"), manifest_with(","),
        manifest_with("/* */"), manifest_with(",\"x\":\"a\nb\""), manifest_with(R"(,x:1)")}) {
    EXPECT_THAT(refusal(content), HasSubstr("not JSON")) << content;
  }
}

TEST(ManifestRefusals, CoverAByteOrderMark) {
  EXPECT_THAT(refusal("\xef\xbb\xbf" + manifest_with("")), HasSubstr("byte order mark"));
}

TEST(ManifestRefusals, CoverInvalidUtf8) {
  for (const char* bytes : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"}) {
    EXPECT_NE(refusal(manifest_with(",\"x\":\"" + std::string(bytes) + "\"")), "");
    EXPECT_NE(refusal(manifest_with(",\"" + std::string(bytes) + "\":1")), "");
  }
}

TEST(ManifestRefusals, CoverDeepNesting) {
  const std::string open(10'000, '['), close(10'000, ']');
  EXPECT_THAT(refusal(manifest_with(",\"x\":" + open + close)), HasSubstr("nested too deeply"));
  EXPECT_NE(refusal(open + close), "");
  std::string objects;
  for (int i = 0; i < 10'000; ++i) objects += R"({"a":)";
  EXPECT_NE(refusal(manifest_with(",\"x\":" + objects)), "");
  const std::string deep(60, '['), deep_end(60, ']');
  EXPECT_EQ(refusal(manifest_with(",\"x\":" + deep + deep_end)), "");
}

TEST(ManifestRefusals, CoverAMissingConfig) {
  EXPECT_THAT(refusal(R"({"schemaVersion":2,"layers":[]})"), HasSubstr("config is missing"));
  EXPECT_NE(refusal("{}"), "");
}

TEST(ManifestRefusals, CoverDocumentsThatAreBothKinds) {
  for (const char* field : {R"(,"layers":[])", R"(,"layers":[1)", R"(,"config":{})"}) {
    EXPECT_NE(refusal(index_with(field), MediaType::oci_index), "") << field;
  }
  const auto both = index_with(R"(,"config":)" + descriptor('a') + R"(,"layers":[])");
  EXPECT_THAT(refusal(both, MediaType::oci_index), HasSubstr("must not have config or layers"));
  EXPECT_THAT(refusal(manifest_with(R"(,"manifests":[])")), HasSubstr("must not have manifests"));
  const auto list = index_with("," + texts::media_type(MediaType::docker_list) + R"(,"layers":[])");
  EXPECT_NE(refusal(list, MediaType::docker_list), "");
}

TEST(ManifestRefusals, CoverAnotherMediaTypeThanWasDeclared) {
  const auto docker = manifest_with("," + texts::media_type(MediaType::docker_manifest));
  EXPECT_THAT(refusal(docker, MediaType::oci_manifest), HasSubstr("mediaType"));
  const auto oci = manifest_with("," + texts::media_type(MediaType::oci_manifest));
  EXPECT_NE(refusal(oci, MediaType::docker_manifest), "");
  EXPECT_NE(refusal(oci, MediaType::oci_index), "");
  EXPECT_NE(refusal(manifest_with(R"(,"mediaType":"text/plain")"), MediaType::oci_manifest), "");
}

TEST(ManifestRefusals, CoverDockerTypesWithoutMediaType) {
  EXPECT_NE(refusal(manifest_with(""), MediaType::docker_manifest), "");
  EXPECT_NE(refusal(manifest_with(R"(,"mediaType":"")"), MediaType::docker_manifest), "");
  EXPECT_NE(refusal(index_with(""), MediaType::docker_list), "");
}

TEST(ManifestRefusals, CoverContentWhoseTypeNobodyNames) {
  EXPECT_THAT(refusal(manifest_with(""), std::nullopt), HasSubstr("mediaType"));
  EXPECT_NE(refusal(manifest_with(R"(,"mediaType":"text/plain")"), std::nullopt), "");
}

TEST(ManifestRefusal, BoundsUrlsAndAnnotations) {
  const auto with = [](const std::string& field, const std::string& element, int count) {
    std::string list = element;
    for (int i = 1; i < count; ++i) list += ',' + element;
    const auto config = texts::descriptor('a', field == "urls" ? ",\"urls\":[" + list + "]" : "");
    const auto annotations = field == "urls" ? "" : ",\"annotations\":{" + list + "}";
    return R"({"schemaVersion":2,"config":)" + config + annotations + "}";
  };
  const auto accepts = [](const std::string& content) {
    try {
      read_manifest(content, MediaType::oci_manifest);
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::manifest_invalid);
      return false;
    }
  };
  EXPECT_TRUE(accepts(with("urls", R"("")", 64)));
  EXPECT_FALSE(accepts(with("urls", R"("")", 65)));
  EXPECT_TRUE(accepts(with("annotations", R"("":"")", 10'000)));
  EXPECT_FALSE(accepts(with("annotations", R"("":"")", 10'001)));
}

}  // namespace
}  // namespace registry::oci
