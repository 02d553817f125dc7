#include "registry/content/catalog.hpp"

#include <system_error>

#include <limits>

#include "content_test.hpp"

namespace registry::content {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

constexpr auto kAll = std::numeric_limits<std::size_t>::max();

class CatalogTest : public ContentTest {
 protected:
  void make(const std::string& name) {
    put(paths::layer_link(name_of(name), oci::empty_digest()), oci::empty_digest().str());
  }
  void make_all() {
    for (const auto& name : kInOrder) make(name);
  }
  std::vector<std::string> list() { return catalog_.list("", kAll).names; }

  // By component of the path.
  const std::vector<std::string> kInOrder = {
      "Example.com/foo", "a", "a/b", "a/b/c", "a/d", "a-b", "a-b/x", "a.b", "a0", "b/c/d/e", "z"};
};
ON_EACH_DRIVER(CatalogTest);

TEST_P(CatalogTest, OfAnEmptyStoreIsEmpty) {
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_FALSE(catalog_.list("", 1).more);
}

TEST_P(CatalogTest, IsInTheOrderOfThePaths) {
  make_all();
  EXPECT_THAT(list(), ElementsAreArray(kInOrder));
}

TEST_P(CatalogTest, IsListedInPagesOfAnySize) {
  make_all();
  for (std::size_t limit = 1; limit <= kInOrder.size() + 1; ++limit) {
    std::vector<std::string> seen;
    std::string last;
    for (;;) {
      const auto page = catalog_.list(last, limit);
      ASSERT_LE(page.names.size(), limit);
      seen.insert(seen.end(), page.names.begin(), page.names.end());
      if (!page.more) break;
      ASSERT_EQ(page.names.size(), limit);
      last = page.names.back();
    }
    EXPECT_THAT(seen, ElementsAreArray(kInOrder)) << limit;
  }
}

TEST_P(CatalogTest, GoesOnBehindEachName) {
  make_all();
  for (std::size_t i = 0; i < kInOrder.size(); ++i) {
    const std::vector<std::string> rest(kInOrder.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                        kInOrder.end());
    EXPECT_THAT(catalog_.list(kInOrder[i], kAll).names, ElementsAreArray(rest)) << kInOrder[i];
  }
}

TEST_P(CatalogTest, GoesOnBehindANameThatDoesNotExist) {
  make_all();
  for (const auto& [last, next] :
       std::vector<std::pair<std::string, std::string>>{{"Example.com", "Example.com/foo"},
                                                        {"a/a", "a/b"},
                                                        {"a/b/a", "a/b/c"},
                                                        {"a/b/c/d", "a/d"},
                                                        {"a/c", "a/d"},
                                                        {"a/z", "a-b"},
                                                        {"a-a", "a-b"},
                                                        {"a-b/z", "a.b"},
                                                        {"aa", "b/c/d/e"},
                                                        {"b", "b/c/d/e"},
                                                        {"b/c", "b/c/d/e"},
                                                        {"b/c/d", "b/c/d/e"},
                                                        {"b/d", "z"},
                                                        {"b/c/d/e/f", "z"}}) {
    EXPECT_THAT(catalog_.list(last, 1).names, ElementsAre(next)) << last;
  }
}

TEST_P(CatalogTest, TakesAnyTextAsWhereToBegin) {
  make_all();
  for (const auto& [last, next] : std::vector<std::pair<std::string, std::string>>{
           {"../x", "Example.com/foo"},
           {"/", "Example.com/foo"},
           {"/a", "Example.com/foo"},
           {".", "Example.com/foo"},
           {"a/", "a/b"},
           {"a//", "a/b"},
           {"a//x", "a/b"},
           {"a/../b", "a/b"},
           {"a/b/", "a/b/c"},
           {"_layers", "a"},
           {"a/_layers/x", "a/b"},
           {"A B", "Example.com/foo"},
           {std::string("a\0", 2), "a-b"},
           {std::string(300, 'a'), "b/c/d/e"},
           {"b/" + std::string(300, 'a'), "b/c/d/e"}}) {
    EXPECT_THAT(catalog_.list(last, 1).names, ElementsAre(next)) << last.substr(0, 20);
  }
  for (const char* last : {"z", "zzz/", "zzz", "z/a", "\xff", "\xff/\xff"}) {
    const auto page = catalog_.list(last, 1);
    EXPECT_THAT(page.names, IsEmpty()) << last;
    EXPECT_FALSE(page.more);
  }
}

TEST_P(CatalogTest, SaysWhetherMoreFollow) {
  make("a");
  make("b");
  EXPECT_TRUE(catalog_.list("", 0).more);
  EXPECT_TRUE(catalog_.list("", 1).more);
  EXPECT_FALSE(catalog_.list("", 2).more);
  EXPECT_FALSE(catalog_.list("a", 1).more);
  put(paths::kRepositories + "/c/no-repository/file", "x");
  EXPECT_FALSE(catalog_.list("", 2).more);
}

TEST_P(CatalogTest, HasRepositoriesWithManifestsOnly) {
  put(paths::revision_link(name_of("proxied"), oci::empty_digest()), "x");
  EXPECT_THAT(list(), ElementsAre("proxied"));
}

TEST_P(CatalogTest, DoesNotHaveUploadsOnly) {
  uploads_.begin(name_of("begun"));
  EXPECT_THAT(list(), IsEmpty());
}

TEST_P(CatalogTest, SkipsStrayFilesAndFolders) {
  make("good");
  for (const char* path :
       {"/file", "/.hidden/_layers/x", "/No/_layers/x", "/a b/_layers/x", "/_x/_layers/x",
        "/good/file", "/good/Bad/_layers/x", "/x--/_layers/x", "/good/_layers/deeper/_layers/x"}) {
    put(paths::kRepositories + path, "x");
  }
  EXPECT_THAT(list(), ElementsAre("good"));
}

TEST_P(CatalogTest, SkipsNamesThatAreTooLong) {
  const auto component = std::string(100, 'a');
  make(component);
  put(paths::kRepositories + '/' + component + '/' + component + '/' + component + "/_layers/x",
      "x");
  EXPECT_THAT(list(), ElementsAre(component));
}

TEST_P(CatalogTest, HasMoreThanAChunkOfRepositories) {
  std::vector<std::string> names;
  for (int i = 1'000; i < 2'100; ++i) names.push_back("r" + std::to_string(i));
  for (const auto& name : names) make(name);
  EXPECT_THAT(list(), ElementsAreArray(names));
  EXPECT_EQ(catalog_.list("r1999", 50).names.front(), "r2000");
}

}  // namespace
}  // namespace registry::content
