#include "registry/content/tags.hpp"

#include "content_test.hpp"

#include <limits>

namespace registry::content {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kAll = std::numeric_limits<std::size_t>::max();

class TagsTest : public ContentTest {
 protected:
  void tag(std::string_view tag, const oci::Digest& digest) {
    tags_.put(kName, tag_of(tag), digest, digest);
  }
  std::vector<std::string> list() { return tags_.list(kName, "", kAll)->names; }

  const oci::RepositoryName kName = name_of("a/b");
  const oci::Digest kOne = oci::digest_of("one"), kTwo = oci::digest_of("two");
};
ON_EACH_DRIVER(TagsTest);

TEST_P(TagsTest, PointToADigest) {
  tag("latest", kOne);
  EXPECT_EQ(tags_.resolve(kName, tag_of("latest")), kOne);
  EXPECT_EQ(get(paths::tag_current(kName, tag_of("latest"))), kOne.str());
  EXPECT_EQ(tags_.resolve(kName, tag_of("other")), std::nullopt);
  EXPECT_EQ(tags_.resolve(name_of("a"), tag_of("latest")), std::nullopt);
}

TEST_P(TagsTest, RememberWhatTheyEverPointedTo) {
  tag("latest", kOne);
  tag("latest", kTwo);
  EXPECT_EQ(tags_.resolve(kName, tag_of("latest")), kTwo);
  EXPECT_EQ(get(paths::tag_index(kName, tag_of("latest"), kOne)), kOne.str());
  EXPECT_EQ(get(paths::tag_index(kName, tag_of("latest"), kTwo)), kTwo.str());
}

TEST_P(TagsTest, AreListedInByteOrder) {
  for (const char* text : {"b", "a", "B", "10", "9", "_x", "a.b", "a-b"}) tag(text, kOne);
  EXPECT_THAT(list(), ElementsAre("10", "9", "B", "_x", "a", "a-b", "a.b", "b"));
}

TEST_P(TagsTest, AreListedInPagesOfAnySize) {
  const std::vector<std::string> all = {"a", "b", "c", "d", "e"};
  for (const auto& text : all) tag(text, kOne);
  for (std::size_t limit = 1; limit <= 6; ++limit) {
    std::vector<std::string> seen;
    std::string last;
    for (;;) {
      const auto page = tags_.list(kName, last, limit);
      ASSERT_TRUE(page);
      ASSERT_LE(page->names.size(), limit);
      seen.insert(seen.end(), page->names.begin(), page->names.end());
      if (!page->more) break;
      ASSERT_EQ(page->names.size(), limit);
      last = page->names.back();
    }
    EXPECT_EQ(seen, all) << limit;
  }
}

TEST_P(TagsTest, SayWhetherMoreFollow) {
  for (const char* text : {"a", "b"}) tag(text, kOne);
  EXPECT_FALSE(tags_.list(kName, "", 2)->more);
  EXPECT_TRUE(tags_.list(kName, "", 1)->more);
  EXPECT_TRUE(tags_.list(kName, "", 0)->more);
  EXPECT_FALSE(tags_.list(kName, "b", 0)->more);
}

TEST_P(TagsTest, AreListedBehindATagThatNeedNotExist) {
  for (const char* text : {"a", "c", "e"}) tag(text, kOne);
  for (const auto& [last, wanted] :
       std::vector<std::pair<std::string, std::size_t>>{{"", 3},
                                                        {"a", 2},
                                                        {"b", 2},
                                                        {"c", 1},
                                                        {"e", 0},
                                                        {"zzz", 0},
                                                        {"../x", 3},
                                                        {"a/", 2},
                                                        {"\xff", 0},
                                                        {std::string(5000, 'b'), 2}}) {
    EXPECT_EQ(tags_.list(kName, last, kAll)->names.size(), wanted) << last.substr(0, 20);
  }
}

TEST_P(TagsTest, AreSkippedWithoutACurrentLink) {
  tag("good", kOne);
  put(paths::tag_index(kName, tag_of("half"), kOne), kOne.str());
  EXPECT_THAT(list(), ElementsAre("good"));
  EXPECT_FALSE(tags_.list(kName, "good", 1)->more);
}

TEST_P(TagsTest, AreNotStrayFilesAndFolders) {
  tag("good", kOne);
  put(paths::tags(kName) + "/file", "x");
  put(paths::tags(kName) + "/.hidden/current/link", kOne.str());
  put(paths::tags(kName) + "/not a tag/current/link", kOne.str());
  put(paths::tags(kName) + "/" + std::string(129, 'a') + "/current/link", kOne.str());
  EXPECT_THAT(list(), ElementsAre("good"));
  for (std::size_t limit = 1; limit < 4; ++limit) {
    EXPECT_FALSE(tags_.list(kName, "", limit)->more) << limit;
  }
}

TEST_P(TagsTest, PointNowhereWithADamagedLink) {
  tag("latest", kOne);
  for (const std::string& link : {std::string(), std::string("sha256:"), kOne.str() + "\n",
                                  oci::digest_of("one", oci::Algorithm::sha512).str()}) {
    put(paths::tag_current(kName, tag_of("latest")), link);
    EXPECT_EQ(tags_.resolve(kName, tag_of("latest")), std::nullopt) << link;
    tag("latest", kOne);  // mends it
    EXPECT_EQ(tags_.resolve(kName, tag_of("latest")), kOne);
  }
}

TEST_P(TagsTest, OfAnUnknownRepositoryAreNoList) {
  EXPECT_FALSE(tags_.list(kName, "", 10));
  push_blob(kName, "only a blob");
  EXPECT_FALSE(tags_.list(kName, "", 10));
}

TEST_P(TagsTest, OfARepositoryWithManifestsOnlyAreAnEmptyList) {
  put(paths::revision_link(kName, kOne), kOne.str());
  const auto page = tags_.list(kName, "", 10);
  ASSERT_TRUE(page);
  EXPECT_THAT(page->names, IsEmpty());
}

TEST_P(TagsTest, AreRemovedWithTheirHistory) {
  tag("a", kOne);
  tag("b", kOne);
  EXPECT_TRUE(tags_.remove(kName, tag_of("a")));
  EXPECT_FALSE(driver().stat(paths::tag(kName, tag_of("a"))));
  EXPECT_THAT(list(), ElementsAre("b"));
  EXPECT_FALSE(tags_.remove(kName, tag_of("a")));
}

TEST_P(TagsTest, AreClearedAwayThoughOnlyHalfThere) {
  put(paths::tag_index(kName, tag_of("half"), kOne), kOne.str());
  EXPECT_FALSE(tags_.remove(kName, tag_of("half")));  // it was no tag
  EXPECT_FALSE(driver().stat(paths::tag(kName, tag_of("half"))));
}

TEST_P(TagsTest, OfOneDigestAreRemovedTogether) {
  tag("a", kOne);
  tag("b", kTwo);
  tag("c", kOne);
  tag("d", kOne);
  tag("d", kTwo);
  put(paths::tags(kName) + "/stray", "x");
  put(paths::tag_current(kName, tag_of("damaged")), "x");
  put(paths::tag_current(kName, tag_of("endless")), std::string(10'000, 'x'));
  tags_.remove_all_of(kName, kOne);
  EXPECT_EQ(tags_.resolve(kName, tag_of("a")), std::nullopt);
  EXPECT_EQ(tags_.resolve(kName, tag_of("b")), kTwo);
  EXPECT_EQ(tags_.resolve(kName, tag_of("c")), std::nullopt);
  EXPECT_EQ(tags_.resolve(kName, tag_of("d")), kTwo);
}

TEST_P(TagsTest, OfOneDigestAreFoundAmongThousands) {
  for (int i = 0; i < 1'100; ++i) {
    put(paths::tag_current(kName, tag_of("t" + std::to_string(i))),
        (i % 3 == 0 ? kOne : kTwo).str());
  }
  tags_.remove_all_of(kName, kOne);
  EXPECT_EQ(list().size(), 733U);
}

}  // namespace
}  // namespace registry::content
