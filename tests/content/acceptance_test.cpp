#include "registry/content/acceptance.hpp"

#include <gtest/gtest.h>

#include "content_test.hpp"

namespace registry::content {
namespace {

oci::Descriptor blob_with(std::vector<std::string> urls) {
  return {oci::digest_of("x"), 1, std::move(urls), ""};
}

bool accepts_url(const config::Validation& validation, const std::string& url) {
  oci::Manifest manifest;
  manifest.blobs.push_back(blob_with({url}));
  try {
    Acceptance(validation, {}).check(manifest);
    return true;
  } catch (const oci::Error& error) {
    EXPECT_EQ(error.code(), oci::ErrorCode::manifest_invalid);
    return false;
  }
}

TEST(Acceptance, TakesForeignLayersByHttpAndHttps) {
  for (const char* url : {"http://a/b", "https://a", "HTTPS://A"}) {
    EXPECT_TRUE(accepts_url({}, url)) << url;
  }
  for (const char* url : {"ftp://a/b", "file:///a", "", "http:/a", "javascript:x", "httpx://a"}) {
    EXPECT_FALSE(accepts_url({}, url)) << url;
  }
}

TEST(Acceptance, KeepsToTheListsOfUrls) {
  config::Validation validation;
  validation.manifests.urls.allow = {"^https://good\\.example/", "other"};
  EXPECT_TRUE(accepts_url(validation, "https://good.example/x"));
  EXPECT_TRUE(accepts_url(validation, "https://a/other"));
  EXPECT_FALSE(accepts_url(validation, "https://bad.example/"));
  validation.manifests.urls.deny = {"secret"};
  EXPECT_FALSE(accepts_url(validation, "https://good.example/secret"));
  validation.manifests.urls.allow.clear();
  EXPECT_TRUE(accepts_url(validation, "https://bad.example/"));
}

TEST(Acceptance, TakesAnythingWhereValidationIsOff) {
  config::Validation validation;
  validation.disabled = true;
  EXPECT_TRUE(accepts_url(validation, "ftp://a/b"));
  EXPECT_FALSE(Acceptance(validation, {}).wants_blob(blob_with({})));
  EXPECT_FALSE(Acceptance(validation, {}).wants_child(blob_with({})));
}

TEST(Acceptance, WantsWhatHasNoUrls) {
  EXPECT_TRUE(Acceptance().wants_blob(blob_with({})));
  EXPECT_FALSE(Acceptance().wants_blob(blob_with({"https://a"})));
  EXPECT_TRUE(Acceptance().wants_child(blob_with({})));
}

TEST(Acceptance, WantsTheChildrenOfTheConfiguredPlatforms) {
  config::Validation validation;
  auto child = blob_with({});
  child.platform = "linux/arm64";
  validation.manifests.indexes.platforms = config::Platforms::none;
  EXPECT_FALSE(Acceptance(validation, {}).wants_child(child));
  EXPECT_TRUE(Acceptance(validation, {}).wants_blob(child));
  validation.manifests.indexes.platforms = config::Platforms::list;
  validation.manifests.indexes.platformlist = {{"amd64", "linux"}};
  EXPECT_FALSE(Acceptance(validation, {}).wants_child(child));
  validation.manifests.indexes.platformlist.push_back({"arm64", "linux"});
  EXPECT_TRUE(Acceptance(validation, {}).wants_child(child));
}

TEST(Acceptance, KeepsToTheClassesOfThePolicy) {
  const auto accepts = [](const std::string& config_type, std::vector<std::string> classes,
                          oci::MediaType type = oci::MediaType::docker_manifest) {
    oci::Manifest manifest;
    manifest.media_type = type;
    manifest.config_media_type = config_type;
    try {
      Acceptance({}, std::move(classes)).check(manifest);
      return true;
    } catch (const oci::Error& error) {
      EXPECT_EQ(error.status(), 403U);
      return false;
    }
  };
  const std::string image = "application/vnd.docker.container.image.v1+json";
  const std::string plugin = "application/vnd.docker.plugin.v1+json";
  EXPECT_TRUE(accepts("anything", {}));
  EXPECT_TRUE(accepts(image, {"image"}));
  EXPECT_TRUE(accepts("application/vnd.oci.image.config.v1+json", {"image"}));
  EXPECT_FALSE(accepts(plugin, {"image"}));
  EXPECT_TRUE(accepts(plugin, {"image", "plugin"}));
  EXPECT_FALSE(accepts("anything", {"image"}));
  EXPECT_TRUE(accepts("", {"image"}, oci::MediaType::docker_list));
}

}  // namespace
}  // namespace registry::content
