#include "api/routes.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace registry::api {

std::ostream& operator<<(std::ostream& out, Shape shape) {
  return out << "shape " << static_cast<int>(shape);
}

namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

struct Path {
  std::string path;
  Shape shape;
  std::string name;
  std::string last;
};

class MatchedPath : public testing::TestWithParam<Path> {};

TEST_P(MatchedPath, HasShapeNameAndLast) {
  const auto found = match(GetParam().path);
  ASSERT_TRUE(found) << GetParam().path;
  EXPECT_EQ(found->shape, GetParam().shape) << GetParam().path;
  EXPECT_EQ(found->name, GetParam().name) << GetParam().path;
  EXPECT_EQ(found->last, GetParam().last) << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    EveryShape, MatchedPath,
    testing::Values(Path{"/", Shape::root, "", ""}, Path{"/v2/", Shape::base, "", ""},
                    Path{"/api/v1/usage", Shape::usage, "", ""},
                    Path{"/api/v1/repositories", Shape::repositories, "", ""},
                    Path{"/api/v1/repositories/a", Shape::repository, "a", ""},
                    Path{"/api/v1/repositories/a/tags/list", Shape::repository, "a/tags/list", ""},
                    Path{"/api/v1/gc", Shape::collection, "", ""},
                    Path{"/api/v1/retention", Shape::retention, "", ""},
                    Path{"/v2/_catalog", Shape::catalog, "", ""},
                    Path{"/v2/a/tags/list", Shape::tags, "a", ""},
                    Path{"/v2/a/b/tags/list", Shape::tags, "a/b", ""},
                    Path{"/v2/a/manifests/latest", Shape::manifest, "a", "latest"},
                    Path{"/v2/a/b/manifests/" + kDigest, Shape::manifest, "a/b", kDigest},
                    Path{"/v2/a/blobs/" + kDigest, Shape::blob, "a", kDigest},
                    Path{"/v2/a/b/c/blobs/" + kDigest, Shape::blob, "a/b/c", kDigest},
                    Path{"/v2/a/blobs/uploads/", Shape::uploads, "a", ""},
                    Path{"/v2/a/b/blobs/uploads/", Shape::uploads, "a/b", ""},
                    Path{"/v2/a/blobs/uploads/1-2_3.4=", Shape::upload, "a", "1-2_3.4="}));

// The end of the path decides.
INSTANTIATE_TEST_SUITE_P(
    NamesThatHoldOtherWords, MatchedPath,
    testing::Values(
        Path{"/v2/blobs/blobs/" + kDigest, Shape::blob, "blobs", kDigest},
        Path{"/v2/blobs/uploads/blobs/" + kDigest, Shape::blob, "blobs/uploads", kDigest},
        Path{"/v2/a/blobs/uploads/blobs/uploads/", Shape::uploads, "a/blobs/uploads", ""},
        Path{"/v2/blobs/uploads/manifests/x", Shape::manifest, "blobs/uploads", "x"},
        Path{"/v2/manifests/manifests/manifests", Shape::manifest, "manifests", "manifests"},
        Path{"/v2/a/manifests/tags", Shape::manifest, "a", "tags"},
        Path{"/v2/a/manifests/uploads", Shape::manifest, "a", "uploads"},
        Path{"/v2/a/manifests/tags/list", Shape::tags, "a/manifests", ""},
        Path{"/v2/tags/tags/list", Shape::tags, "tags", ""},
        Path{"/v2/tags/list/tags/list", Shape::tags, "tags/list", ""},
        Path{"/v2/a/tags/list/manifests/list", Shape::manifest, "a/tags/list", "list"},
        Path{"/v2/a/manifests/blobs/uploads/", Shape::uploads, "a/manifests", ""},
        Path{"/v2/a/manifests/b/blobs/uploads/u", Shape::upload, "a/manifests/b", "u"},
        Path{"/v2/uploads/blobs/uploads/uploads", Shape::upload, "uploads", "uploads"},
        Path{"/v2/_catalog/tags/list", Shape::tags, "_catalog", ""}));

// What they may hold is the handlers' to say, as they can say what is wrong.
INSTANTIATE_TEST_SUITE_P(PartsThatAreNotValid, MatchedPath,
                         testing::Values(Path{"/v2/Foo/tags/list", Shape::tags, "Foo", ""},
                                         Path{"/v2/a//b/tags/list", Shape::tags, "a//b", ""},
                                         Path{"/v2/../x/blobs/y", Shape::blob, "../x", "y"},
                                         Path{"/v2/a/blobs/sha256:short", Shape::blob, "a",
                                              "sha256:short"},
                                         Path{"/v2/a/manifests/-x", Shape::manifest, "a", "-x"},
                                         Path{"/v2/a/blobs/uploads/..", Shape::upload, "a", ".."}));

class UnmatchedPath : public testing::TestWithParam<const char*> {};

TEST_P(UnmatchedPath, HasNoRoute) {
  EXPECT_FALSE(match(GetParam())) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Routes, UnmatchedPath,
    testing::Values("", "v2/", "/v2", "//", "/v1/", "/v2//", "/v2/a", "/v2/a/", "/v2/_catalog/",
                    "/v2/tags/list", "/v2/a/tags", "/v2/a/tags/", "/v2/a/tags/list/",
                    "/v2/a/tags/list/x", "/v2/manifests/x", "/v2//manifests/x", "/v2/a/manifests",
                    "/v2/a/manifests/", "/v2/a/manifests/x/", "/v2/blobs/x", "/v2/a/blobs",
                    "/v2/a/blobs/", "/v2/a/blobs/uploads", "/v2/blobs/uploads/",
                    "/v2/blobs/uploads/x", "/v2/a/blobs/uploads/x/", "/v2/a/blobs/uploads/x/y",
                    "/api/v1/", "/api/v1", "/api", "/api/v1/other", "/api/v1/usage/",
                    "/api/v1/usage/a", "/api/v1/repositories/", "/api/v1/repositories/a/",
                    "/api/v1/gc/a", "/api/v2/usage", "/V2/", "/metrics", "/v2/a/manifest/x",
                    "/v2/a/xmanifests/x", "/v2x/", "/x/v2/a/tags/list"));

TEST(SlashMended, LeadsToThePathThatWasMeant) {
  EXPECT_EQ(with_slash_mended("/v2"), "/v2/");
  EXPECT_EQ(with_slash_mended("/v2//"), "/v2/");
  EXPECT_EQ(with_slash_mended("/v2/_catalog/"), "/v2/_catalog");
  EXPECT_EQ(with_slash_mended("/v2/a/tags/list/"), "/v2/a/tags/list");
  EXPECT_EQ(with_slash_mended("/v2/a/b/manifests/x/"), "/v2/a/b/manifests/x");
  EXPECT_EQ(with_slash_mended("/v2/a/blobs/x/"), "/v2/a/blobs/x");
  EXPECT_EQ(with_slash_mended("/v2/a/blobs/uploads"), "/v2/a/blobs/uploads/");
  EXPECT_EQ(with_slash_mended("/v2/a/blobs/uploads/x/"), "/v2/a/blobs/uploads/x");
}

TEST(SlashMended, IsNothingWhereNoSlashHelps) {
  for (const char* path :
       {"/v1", "/v2/a", "/v2/a/", "/v2/a/manifests", "/v2/a/manifests/", "/v2/a/tags",
        "/v2/a/tags/", "/metrics", "/metrics/", "/v2/a/blobs", "/v2/_catalog//"}) {
    EXPECT_FALSE(with_slash_mended(path)) << path;
  }
}

}  // namespace
}  // namespace registry::api
