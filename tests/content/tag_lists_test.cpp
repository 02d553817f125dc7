#include "registry/content/tag_lists.hpp"

#include <atomic>
#include <limits>
#include <random>
#include <set>
#include <thread>

#include "content_test.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::content {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

constexpr auto kAll = std::numeric_limits<std::size_t>::max();

class TagListsTest : public ContentTest {
 protected:
  void tag(std::string_view tag) { tags_.put(kName, tag_of(tag), kOne, kOne); }
  std::vector<std::string> list(std::string_view after = "", std::size_t limit = kAll) {
    return list(tags_, after, limit);
  }
  std::vector<std::string> list(Tags& tags, std::string_view after = "", std::size_t limit = kAll) {
    return tags.list(kName, after, limit)->names;
  }
  // As a process that begins now would have it.
  std::vector<std::string> read(std::string_view after = "", std::size_t limit = kAll) {
    Tags fresh(driver());
    return list(fresh, after, limit);
  }
  void put_links(int count) {
    for (int i = 0; i < count; ++i) put_link("t" + std::to_string(10'000 + i));
  }
  void put_link(const std::string& text) {
    put(paths::tag_current(kName, tag_of(text)), kOne.str());
  }

  const oci::RepositoryName kName = name_of("a/b");
  const oci::Digest kOne = oci::digest_of("one");
};
ON_EACH_DRIVER(TagListsTest);

TEST_P(TagListsTest, AreKeptByOurOwnChanges) {
  std::mt19937 random(1);
  std::set<std::string> wanted;
  tag("first");
  wanted.insert("first");
  for (int i = 0; i < 1'500; ++i) {
    const auto text = "t" + std::to_string(random() % 100);
    if (random() % 3 > 0) {
      tag(text);
      wanted.insert(text);
    } else {
      EXPECT_EQ(tags_.remove(kName, tag_of(text)), wanted.erase(text) > 0);
    }
    if (random() % 4 > 0) continue;
    const auto after = "t" + std::to_string(random() % 100);
    const std::size_t limit = random() % 20;
    const auto page = tags_.list(kName, after, limit);
    const std::vector<std::string> rest(wanted.upper_bound(after), wanted.end());
    ASSERT_EQ(page->more, rest.size() > limit);
    ASSERT_THAT(page->names,
                ElementsAreArray(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(
                                                                  std::min(limit, rest.size()))));
  }
  EXPECT_THAT(list(), ElementsAreArray(wanted));
  EXPECT_THAT(read(), ElementsAreArray(wanted));
}

TEST_P(TagListsTest, AreOfEachRepositoryItsOwn) {
  tag("a");
  const auto other = name_of("a");
  EXPECT_FALSE(tags_.list(other, "", kAll));
  EXPECT_THAT(list(), ElementsAre("a"));
  tags_.put(other, tag_of("b"), kOne, kOne);
  EXPECT_THAT(tags_.list(other, "", kAll)->names, ElementsAre("b"));
  EXPECT_THAT(list(), ElementsAre("a"));
}

TEST_P(TagListsTest, LeaveOutWhatPointsNowhereInPagesOfAnySize) {
  std::vector<std::string> wanted;
  for (int i = 0; i < 60; ++i) {
    const auto text = "t" + std::to_string(100 + i);
    if (i % 3 == 1) {
      put(paths::tag_index(kName, tag_of(text), kOne), kOne.str());
    } else {
      put_link(text);
      wanted.push_back(text);
    }
  }
  for (std::size_t limit = 1; limit < 70; limit += 3) {
    Tags tags(driver());
    // In the middle first: nothing before it is known then.
    EXPECT_THAT(list(tags, "t130", 2), ElementsAre("t132", "t133"));
    std::vector<std::string> seen;
    for (bool more = true; more;) {
      const auto page = tags.list(kName, seen.empty() ? "" : seen.back(), limit);
      ASSERT_EQ(page->names.size(), std::min(limit, wanted.size() - seen.size()));
      seen.insert(seen.end(), page->names.begin(), page->names.end());
      more = page->more;
    }
    EXPECT_THAT(seen, ElementsAreArray(wanted)) << limit;
  }
}

TEST_P(TagListsTest, HaveATagThatWasHalfThereOnceItIsPut) {
  put(paths::tag_index(kName, tag_of("half"), kOne), kOne.str());
  EXPECT_THAT(list(), IsEmpty());
  tag("half");
  EXPECT_THAT(list(), ElementsAre("half"));
}

TEST_P(TagListsTest, ShowATagThatCouldNotBeReadOnceItCan) {
  tag("a");
  tag("b");
  support::UnreadableDriver locked(driver(), {paths::tag(kName, tag_of("b"))});
  Tags tags(locked);
  EXPECT_THAT(list(tags), ElementsAre("a"));
  locked.unlock();
  EXPECT_THAT(list(tags), ElementsAre("a", "b"));
}

TEST_P(TagListsTest, AreReadEachTimeWhereTheyDoNotFit) {
  put_links(3'000);
  Tags tags(driver(), 1024);
  EXPECT_THAT(list(tags, "t10099", 3), ElementsAre("t10100", "t10101", "t10102"));
  EXPECT_TRUE(tags.list(kName, "", 2'999)->more);
  EXPECT_FALSE(tags.list(kName, "", 3'000)->more);
  EXPECT_EQ(list(tags), list());
  tags.put(kName, tag_of("a"), kOne, kOne);
  put(paths::tag_index(kName, tag_of("b"), kOne), kOne.str());
  EXPECT_THAT(list(tags, "", 2), ElementsAre("a", "t10000"));
  EXPECT_EQ(list(tags).size(), 3'001U);
  tags.remove(kName, tag_of("a"));
  EXPECT_THAT(list(tags, "", 1), ElementsAre("t10000"));
}

TEST_P(TagListsTest, CostNoMoreThanTheyMay) {
  constexpr std::size_t kMost = 8'000;
  TagLists lists(driver(), kMost, {});
  const auto each = [](std::string_view) {};
  for (int i = 0; i < 50; ++i) {
    const auto name = name_of("r" + std::to_string(i));
    for (int k = 0; k < 20; ++k) {
      put(paths::tag_current(name, tag_of("tag-" + std::to_string(k))), kOne.str());
    }
    EXPECT_TRUE(lists.list(name, "", 10, each)->more);
    EXPECT_LE(lists.bytes(), kMost);
  }
  EXPECT_GT(lists.bytes(), kMost / 2);
  // One that grows beyond it is forgotten, and right all the same.
  const auto name = name_of("r49");
  for (int i = 0; i < 1'000; ++i) {
    const auto text = tag_of(std::to_string(i * 7919));
    const TagLists::Change change(lists, name, text);
    put(paths::tag_current(name, text), kOne.str());
  }
  EXPECT_LE(lists.bytes(), kMost);
  std::size_t count = 0;
  lists.list(name, "", kAll, [&](std::string_view) { ++count; });
  EXPECT_EQ(count, 1'020U);
}

TEST_P(TagListsTest, StayTrueWhileManyThreadsChangeAndReadThem) {
  put_links(300);
  std::atomic<bool> ended = false;
  const auto read_on = [&] {
    while (!ended) {
      const auto seen = list("t10", 500);
      // What nobody touches is in each of them.
      EXPECT_EQ(std::ranges::count_if(seen, [](const auto& one) { return one.size() == 6; }), 300);
      EXPECT_TRUE(std::ranges::is_sorted(seen));
    }
  };
  const auto change = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 60; ++i) {
      const auto text = tag_of("x" + std::to_string(random() % 20));
      if (random() % 3 == 0) {
        const RepositoryLocks::Alone lock(locks_, kName);
        tags_.remove(kName, text);
      } else {
        const RepositoryLocks::Shared lock(locks_, kName);
        tags_.put(kName, text, kOne, kOne);
      }
    }
  };
  {
    std::jthread reader(read_on), another(read_on);
    {
      std::jthread one(change, 1), two(change, 2), three(change, 3);
    }
    ended = true;
  }
  EXPECT_EQ(list(), read());
}

class TagListsOnDisk : public TagListsTest {
 protected:
  // Long enough after the last change for another time.
  static void wait() { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }
};
INSTANTIATE_TEST_SUITE_P(, TagListsOnDisk, testing::Values(Backend::filesystem), backend_name);

TEST_P(TagListsOnDisk, ShowWhatSomebodyElseHasDone) {
  tag("a");
  tag("c");
  EXPECT_THAT(list(), ElementsAre("a", "c"));
  wait();
  put_link("b");
  EXPECT_THAT(list(), ElementsAre("a", "b", "c"));
  wait();
  driver().remove_tree(paths::tag(kName, tag_of("a")), storage::Survives::process_crash);
  EXPECT_THAT(list(), ElementsAre("b", "c"));
  wait();
  driver().remove_tree(paths::repository(kName), storage::Survives::process_crash);
  EXPECT_FALSE(tags_.list(kName, "", kAll));
}

TEST_P(TagListsOnDisk, ShowWhatSomebodyElseHasDoneBeforeAChangeOfOurs) {
  tag("a");
  EXPECT_THAT(list(), ElementsAre("a"));
  wait();
  put_link("b");
  wait();
  tag("c");
  EXPECT_THAT(list(), ElementsAre("a", "b", "c"));
}

// As long as nothing else changes, nothing is read again.
TEST_P(TagListsOnDisk, AreReadOnce) {
  base::Metrics metrics;
  Tags tags(driver(), 1 << 20, IndexMetrics(metrics, "tags"));
  for (int i = 0; i < 50; ++i) {
    tags.put(kName, tag_of(std::to_string(i)), kOne, kOne);
    EXPECT_EQ(list(tags).size(), static_cast<std::size_t>(i) + 1);
  }
  for (int i = 0; i < 50; ++i) {
    tags.remove(kName, tag_of(std::to_string(i)));
    EXPECT_EQ(list(tags).size(), 49U - static_cast<std::size_t>(i));
  }
  EXPECT_THAT(metrics.text(),
              testing::HasSubstr("registry_index_builds_total{index=\"tags\"} 1\n"));
}

}  // namespace
}  // namespace registry::content
