// What the images of a repository take, and what deleting them frees.
#include "registry/maintenance/image_usage.hpp"

#include "maintenance_test.hpp"
#include "registry/oci/error.hpp"

namespace registry::maintenance {
namespace {

using testing::ElementsAre;

class ImageUsageTest : public MaintenanceTest {
 protected:
  void SetUp() override { content_.emplace(driver(), acceptance_, io_); }

  // What is counted from here on is known.
  void mark() {
    collect_garbage(*content_, driver(), {.quiet = true, .grace = std::chrono::hours(1)}, {});
  }
  // The same as a collection would free, in bytes.
  std::uint64_t freed_by_a_collection() {
    return collect_garbage(*content_, driver(),
                           {.dry_run = true, .delete_untagged = true, .quiet = true}, {})
        .bytes;
  }
  ImagesPage tagged(const std::string& after = "", std::size_t limit = 100) {
    return tagged_images(*content_, driver(), kName, after, limit).value();
  }
  ImagesPage untagged(const std::string& after = "", std::size_t limit = 100) {
    return untagged_images(*content_, driver(), kName, after, limit).value();
  }
  static std::vector<std::string> tags_of(const ImagesPage& page) {
    std::vector<std::string> tags;
    for (const auto& image : page.images) tags.push_back(image.tag.value_or("-"));
    return tags;
  }
  std::uint64_t size_of(const oci::Digest& sha256) {
    return driver().stat(paths::blob(sha256))->size_bytes;
  }
  // Each tag frees what a collection does once the tag is gone.
  void expect_frees_what_a_collection_does() {
    for (const auto& image : tagged().images) {
      SCOPED_TRACE(*image.tag);
      const auto link = paths::tag_current(kName, tag_of(*image.tag));
      const auto pointed_to = get(link).value();
      const auto before = freed_by_a_collection();
      driver().remove(link, storage::Survives::process_crash);
      EXPECT_EQ(image.frees, freed_by_a_collection() - before);
      put(link, pointed_to);
    }
  }

  const oci::RepositoryName kName = name_of("team/app"), kOther = name_of("other");
  std::optional<content::Content> content_;
};
ON_EACH_DRIVER(ImageUsageTest);

TEST_P(ImageUsageTest, BeforeTheFirstMarkOnlyTheBytesAreKnown) {
  const auto image = push_image(kName, tag_of("v1"), "layer");
  const auto page = tagged();
  ASSERT_EQ(page.images.size(), 1U);
  EXPECT_EQ(page.images[0].digest, image);
  EXPECT_EQ(page.images[0].bytes, size_of(image) + 5);
  EXPECT_EQ(page.images[0].unique, std::nullopt);
  EXPECT_EQ(page.images[0].frees, std::nullopt);
  EXPECT_TRUE(page.images[0].pushed);
  try {
    untagged();
    FAIL() << "nobody can know it";
  } catch (const oci::Error& error) {
    EXPECT_EQ(error.code(), oci::ErrorCode::unavailable);
  }
}

TEST_P(ImageUsageTest, WhatAnotherImageNeedsIsNotFreed) {
  push_image(kName, tag_of("v1"), "common");
  push_image(kOther, tag_of("v1"), "common");
  const auto own = push_image(kName, tag_of("v2"), "own layer");
  mark();
  const auto page = tagged();
  EXPECT_THAT(tags_of(page), ElementsAre("v1", "v2"));
  EXPECT_EQ(page.images[0].frees, 0U);
  EXPECT_EQ(page.images[0].unique, 0U);
  EXPECT_EQ(page.images[1].frees, size_of(own) + 9);
  EXPECT_EQ(page.images[1].unique, size_of(own) + 9);
  expect_frees_what_a_collection_does();
}

TEST_P(ImageUsageTest, OfTwoTagsOfOneImageNeitherFreesAnything) {
  const auto image = push_image(kName, tag_of("v1"), "layer");
  push_image(kName, tag_of("latest"), "layer");
  mark();
  for (const auto& one : tagged().images) {
    EXPECT_EQ(one.frees, 0U);
    EXPECT_EQ(one.unique, size_of(image) + 5);
  }
  expect_frees_what_a_collection_does();
}

TEST_P(ImageUsageTest, AnIndexTakesItsChildrenAndReferrersAlongUnlessATagHoldsThem) {
  const auto untagged_child = [&](const std::string& text) {
    return push_image(kName, oci::digest_of(manifest(descriptor(text))), text);
  };
  const auto one = untagged_child("one"), both = untagged_child("of both");
  const auto held = push_image(kName, tag_of("held"), "held by a tag");
  push_index(kName, tag_of("all"), index_of({one, both, held}));
  push_index(kName, tag_of("some"), index_of({both}));
  push_referrer(kName, one, "a signature");
  push_referrer(kName, held, "another");
  mark();
  expect_frees_what_a_collection_does();
  EXPECT_GT(tagged().images[0].frees, size_of(one) + 3 + 11);
  EXPECT_EQ(tagged().images[1].frees, 0U);
  EXPECT_GT(tagged().images[0].bytes, tagged().images[0].unique);
}

TEST_P(ImageUsageTest, AManifestThatNothingLeadsToIsUntagged) {
  const auto untagged_one = push_image(kName, tag_of("v1"), "old");
  const auto child = push_image(kName, oci::digest_of(manifest(descriptor("child"))), "child");
  const auto tagged_one = push_index(kName, tag_of("v1"), index_of({child}));
  push_referrer(kName, tagged_one, "a signature");
  mark();
  const auto page = untagged();
  ASSERT_EQ(page.images.size(), 1U);
  EXPECT_EQ(page.images[0].digest, untagged_one);
  EXPECT_EQ(page.images[0].tag, std::nullopt);
  EXPECT_EQ(page.images[0].frees, freed_by_a_collection());
  EXPECT_EQ(page.images[0].frees, size_of(untagged_one) + 3);
}

TEST_P(ImageUsageTest, ListsComeInPages) {
  for (const auto* tag : {"a", "b", "c"}) push_image(kName, tag_of(tag), tag);
  const auto first = tagged("", 2);
  EXPECT_THAT(tags_of(first), ElementsAre("a", "b"));
  EXPECT_TRUE(first.more);
  EXPECT_EQ(first.last, "b");
  const auto second = tagged(first.last, 2);
  EXPECT_THAT(tags_of(second), ElementsAre("c"));
  EXPECT_FALSE(second.more);

  for (const auto* tag : {"a", "b", "c"}) push_image(kName, tag_of(tag), "moved to another");
  mark();
  std::vector<oci::Digest> seen;
  std::string last;
  for (bool more = true; more;) {
    const auto page = untagged(last, 1);
    for (const auto& image : page.images) seen.push_back(image.digest);
    last = page.last;
    more = page.more;
  }
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST_P(ImageUsageTest, OfADamagedImageNothingIsGuessed) {
  const auto damaged = push_image(kName, tag_of("v1"), "layer");
  put(paths::blob(damaged), "{");
  mark();
  const auto page = tagged();
  EXPECT_EQ(page.images[0].bytes, 1U);
  EXPECT_EQ(page.images[0].unique, std::nullopt);
  EXPECT_EQ(page.images[0].frees, std::nullopt);
}

TEST_P(ImageUsageTest, ARepositoryThatIsNotThereHasNoList) {
  EXPECT_FALSE(tagged_images(*content_, driver(), name_of("absent"), "", 10));
  mark();
  EXPECT_FALSE(untagged_images(*content_, driver(), name_of("absent"), "", 10));
}

}  // namespace
}  // namespace registry::maintenance
