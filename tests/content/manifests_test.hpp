#pragma once

#include <string>
#include <vector>

#include "content_test.hpp"
#include "registry/content/manifests.hpp"

namespace registry::content {

using oci::ErrorCode;

class ManifestsTest : public ContentTest {
 protected:
  // The digests that a put is told are missing.
  std::vector<std::string> missing(const std::string& content,
                                   oci::MediaType type = oci::MediaType::oci_manifest) {
    try {
      push_manifest(kName, tag_of("latest"), content, type);
    } catch (const oci::ErrorList& errors) {
      EXPECT_EQ(errors.code(), ErrorCode::manifest_blob_unknown);
      return errors.details();
    }
    return {};
  }
  ErrorCode refusal(const std::string& content,
                    oci::MediaType type = oci::MediaType::oci_manifest) {
    return error_of([&] { push_manifest(kName, tag_of("latest"), content, type); });
  }
  void expect_nothing_was_stored(const std::string& content) {
    const auto digest = oci::digest_of(content);
    EXPECT_FALSE(driver().stat(paths::blob(digest)));
    EXPECT_FALSE(driver().stat(paths::manifests(kName)));
  }

  const oci::RepositoryName kName = name_of("a/b");
  const oci::Tag kLatest = tag_of("latest");
  static constexpr auto kType = oci::MediaType::oci_manifest;
};

}  // namespace registry::content
