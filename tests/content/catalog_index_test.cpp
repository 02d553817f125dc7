#include "registry/content/catalog_index.hpp"

#include <atomic>
#include <limits>
#include <random>
#include <thread>

#include "content_test.hpp"
#include "registry/content/content.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::content {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

constexpr auto kAll = std::numeric_limits<std::size_t>::max();

class CatalogIndexTest : public ContentTest {
 protected:
  void make(const std::string& name) {
    put(paths::layer_link(name_of(name), oci::empty_digest()), oci::empty_digest().str());
  }
  CatalogIndex& lists() { return content_.catalog_index; }
  std::vector<std::string> list() { return lists().list("", kAll).names; }
  std::vector<std::string> walk() { return catalog_.list("", kAll).names; }
  void read() {
    lists().list("", 0);
    lists().wait_for_scan();
  }
  void read_again() {
    lists().expire();
    read();
  }
  void push(const std::string& name) {
    const auto upload = content_.uploads.open(name_of(name), begin(name));
    upload->append(bytes_of("x"));
    upload->commit(oci::digest_of("x"));
  }
  std::string begin(const std::string& name) { return content_.uploads.begin(name_of(name)); }

  Content content_{driver(), acceptance_, io_};
};
ON_EACH_DRIVER(CatalogIndexTest);

TEST_P(CatalogIndexTest, OfAnEmptyStoreIsEmpty) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(list(), IsEmpty());
    EXPECT_FALSE(lists().list("", 0).more);
    read();
  }
}

TEST_P(CatalogIndexTest, LosesWhatHasNothingLeft) {
  for (const char* name : {"a", "a/b", "c"}) make(name);
  read();
  driver().remove_tree(paths::layers(name_of("a")), storage::Survives::process_crash);
  lists().removed(name_of("a"));
  lists().removed(name_of("c"));  // which is still there
  EXPECT_THAT(list(), ElementsAre("a/b", "c"));
}

TEST_P(CatalogIndexTest, AnswersBeforeItIsThere) {
  for (const char* name : {"b", "a/b", "a"}) make(name);
  // Whether or not the scan that it starts is done.
  for (int i = 0; i < 20; ++i) EXPECT_THAT(list(), ElementsAre("a", "a/b", "b"));
}

TEST_P(CatalogIndexTest, IsWhatAWalkFinds) {
  for (const char* name : {"Example.com/foo", "a", "a/b", "a/b/c", "a/d", "a-b", "a-b/x", "a.b",
                           "a0", "b/c/d/e", "z", "a/b/c/d/e/f/g", "a-b/x/y"}) {
    make(name);
  }
  put(paths::revision_link(name_of("proxied"), oci::empty_digest()), "x");
  begin("begun");
  make(std::string(100, 'a') + '/' + std::string(100, 'b') + '/' + std::string(53, 'c'));
  for (const auto& path :
       {std::string("/file"), std::string("/.hidden/_layers/x"), std::string("/No/_layers/x"),
        std::string("/a b/_layers/x"), std::string("/_x/_layers/x"), std::string("/a/file"),
        std::string("/a/Bad/_layers/x"), std::string("/a/_layers/deeper/_layers/x"),
        "/" + std::string(100, 'a') + "/" + std::string(100, 'b') + "/" + std::string(54, 'c') +
            "/_layers/x"}) {
    put(paths::kRepositories + path, "x");
  }
  read();
  const auto all = walk();
  ASSERT_EQ(all.size(), 15U);
  EXPECT_EQ(list(), all);
  auto lasts = all;
  for (const char* last :
       {"../x",    "/",           "/a",   ".",    "a/",  "a//",  "a//x",  "a/../b",    "a/b/",
        "_layers", "a/_layers/x", "A B",  "a/a",  "a/z", "a-a",  "aa",    "b/c/d/e/f", "b",
        "\xff",    "\xff/\xff",   "zzz/", "a/b!", "a!",  "a!/b", "a/!/b", "a\t"}) {
    lasts.emplace_back(last);
  }
  lasts.emplace_back("a\0", 2);
  lasts.emplace_back("a\1/b", 4);
  lasts.emplace_back(300, 'a');
  lasts.push_back("b/" + std::string(300, 'a'));
  for (const auto& last : lasts) {
    for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, std::size_t{3}, kAll}) {
      const auto wanted = catalog_.list(last, limit);
      const auto page = lists().list(last, limit);
      EXPECT_EQ(page.names, wanted.names) << last.substr(0, 20) << ' ' << limit;
      EXPECT_EQ(page.more, wanted.more) << last.substr(0, 20) << ' ' << limit;
    }
  }
}

TEST_P(CatalogIndexTest, HasWhatComesIntoBeing) {
  make("a");
  read();
  EXPECT_THAT(list(), ElementsAre("a"));
  push("by/upload");
  content_.blobs.mount(name_of("by/upload"), name_of("by/mount"), oci::digest_of("x"));
  const auto type = oci::MediaType::oci_index;
  content_.manifests.put(name_of("by/manifest"), {tag_of("t"), {}, type, index(""), {}});
  begin("by/nothing");
  EXPECT_THAT(list(), ElementsAre("a", "by/manifest", "by/mount", "by/upload"));
  EXPECT_EQ(list(), walk());
}

TEST_P(CatalogIndexTest, HasWhatComesIntoBeingWhileItIsRead) {
  for (int i = 0; i < 300; ++i) make("old/" + std::to_string(i));
  std::atomic<bool> ended = false;
  std::atomic<int> made = 0;
  const auto make_on = [&](const std::string& prefix) {
    for (int i = 0; !ended && i < 2'000; ++i, ++made) push(prefix + std::to_string(i) + "/x");
  };
  {
    std::jthread one(make_on, "new"), two(make_on, "old/0/new");
    for (int i = 0; i < 30 || made < 20; ++i) {
      const auto before = made.load();
      lists().expire();
      const auto seen = list();
      // What was there before is in each of them.
      EXPECT_GE(seen.size(), 300U + static_cast<std::size_t>(before));
      EXPECT_EQ(std::ranges::count_if(seen,
                                      [](const auto& name) {
                                        return name.starts_with("old/") && !name.ends_with("/x");
                                      }),
                300);
      if (i % 2 == 0) lists().wait_for_scan();
    }
    ended = true;
  }
  lists().wait_for_scan();
  EXPECT_EQ(list(), walk());
}

TEST_P(CatalogIndexTest, ShowsWhatSomebodyElseHasDoneOnceItIsReadAgain) {
  for (const char* name : {"a", "b/c"}) make(name);
  read();
  driver().remove_tree(paths::repository(name_of("b")), storage::Survives::process_crash);
  make("d/e");
  read_again();
  EXPECT_THAT(list(), ElementsAre("a", "d/e"));
}

TEST_P(CatalogIndexTest, ThatDoesNotFitIsAWalk) {
  CatalogIndex small(driver(), io_, 100);
  for (int i = 0; i < 500; ++i) make("r/" + std::to_string(i));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(small.list("", kAll).names, walk());
    small.expire();
    small.wait_for_scan();
  }
  make("new");
  small.changed(name_of("new"));
  EXPECT_EQ(small.list("", kAll).names, walk());
}

TEST_P(CatalogIndexTest, LeavesOutWhatCannotBeRead) {
  for (const char* name : {"a", "b/c", "d"}) make(name);
  support::UnreadableDriver locked(driver(), {paths::repository(name_of("b"))});
  CatalogIndex some(locked, io_, 1 << 20);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(some.list("", kAll).names, ElementsAre("a", "d"));
    some.wait_for_scan();
  }
}

TEST_P(CatalogIndexTest, EndsWithTheProcess) {
  for (int i = 0; i < 500; ++i) make("r/" + std::to_string(i));
  std::stop_source ending;
  CatalogIndex one(driver(), io_, 1 << 20, {}, ending.get_token());
  ending.request_stop();
  EXPECT_EQ(one.list("", kAll).names, walk());
  one.wait_for_scan();
}

}  // namespace
}  // namespace registry::content
