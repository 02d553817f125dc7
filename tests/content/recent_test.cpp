#include "registry/content/recent.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "content_test.hpp"

namespace registry::content {
namespace {

using Texts = RecentlyRead<std::string>;
constexpr std::chrono::hours kLong{1};

// As one does who has just read it.
void add(Texts& texts, std::string_view name, std::string_view reference, const std::string& text,
         std::size_t bytes = 0) {
  texts.add(name, reference, texts.generation(name, reference),
            std::make_shared<const std::string>(text), bytes);
}

std::string found(Texts& texts, std::string_view name, std::string_view reference) {
  const auto found = texts.find(name, reference);
  return found ? *found->value : "";
}

TEST(Recent, FindsWhatWasAddedAndNothingElse) {
  Texts texts(100'000, kLong);
  EXPECT_EQ(found(texts, "a/b", "v1"), "");
  add(texts, "a/b", "v1", "one");
  add(texts, "a", "b/v1", "two");
  add(texts, "a/b", "v1", "three");  // in place of the first
  EXPECT_EQ(found(texts, "a/b", "v1"), "three");
  EXPECT_EQ(found(texts, "a", "b/v1"), "two");
  EXPECT_EQ(found(texts, "a/b", "v2"), "");
  EXPECT_EQ(found(texts, "a", "v1"), "");
}

TEST(Recent, ForgetsOneName) {
  Texts texts(100'000, kLong);
  add(texts, "a", "v1", "one");
  add(texts, "a", "v2", "two");
  texts.forget("a", "v1");
  EXPECT_EQ(found(texts, "a", "v1"), "");
  EXPECT_EQ(found(texts, "a", "v2"), "two");
  add(texts, "a", "v1", "new");
  EXPECT_EQ(found(texts, "a", "v1"), "new");
}

TEST(Recent, ForgetsARepository) {
  Texts texts(100'000, kLong);
  for (const char* name : {"a", "b"}) {
    for (const char* reference : {"v1", "v2"}) add(texts, name, reference, name);
  }
  texts.forget_repository("a");
  EXPECT_EQ(found(texts, "a", "v1"), "");
  EXPECT_EQ(found(texts, "a", "v2"), "");
  EXPECT_EQ(found(texts, "b", "v1"), "b");
  EXPECT_EQ(found(texts, "b", "v2"), "b");
}

TEST(Recent, ForgetsAll) {
  Texts texts(100'000, kLong);
  add(texts, "a", "v1", "one");
  add(texts, "b", "v1", "two");
  texts.forget_all();
  EXPECT_EQ(found(texts, "a", "v1"), "");
  EXPECT_EQ(found(texts, "b", "v1"), "");
  EXPECT_EQ(texts.bytes(), 0U);  // those that were looked for
}

// It read the old, then somebody changed it, and then it says what it has read.
TEST(Recent, ReaderThatIsOvertakenDoesNotBringTheOldBack) {
  const auto old = std::make_shared<const std::string>("old");
  const std::vector<void (*)(Texts&)> changes = {
      [](Texts& texts) { texts.forget("a", "v1"); },
      [](Texts& texts) { texts.forget_repository("a"); },
      [](Texts& texts) { texts.forget_all(); },
  };
  for (const auto change : changes) {
    Texts texts(100'000, kLong);
    const auto generation = texts.generation("a", "v1");
    change(texts);
    texts.add("a", "v1", generation, old, 3);
    EXPECT_EQ(found(texts, "a", "v1"), "");
    add(texts, "a", "v1", "new");
    EXPECT_EQ(found(texts, "a", "v1"), "new");
  }
}

TEST(Recent, LetsTheLongestUnusedGoWhenItIsFull) {
  constexpr std::size_t kBytes = 20'000;
  Texts texts(kBytes, kLong);
  int next = 10;
  const auto add_next = [&] { add(texts, "a", std::to_string(next++), "x", 1000); };
  add_next();
  const auto cost = texts.bytes();
  EXPECT_GE(cost, 1000U);
  while (texts.bytes() + cost <= kBytes) add_next();
  EXPECT_EQ(found(texts, "a", "10"), "x");  // so the longest unused is the second
  add_next();
  EXPECT_LE(texts.bytes(), kBytes);
  EXPECT_EQ(found(texts, "a", "11"), "");
  EXPECT_EQ(found(texts, "a", "10"), "x");
  for (int i = 12; i < next; ++i) EXPECT_EQ(found(texts, "a", std::to_string(i)), "x") << i;
}

TEST(Recent, DoesNotTakeWhatIsTooLargeForIt) {
  Texts texts(20'000, kLong);
  add(texts, "a", "small", "x", 100);
  add(texts, "a", "large", "x", 5000);
  EXPECT_EQ(found(texts, "a", "large"), "");
  EXPECT_EQ(found(texts, "a", "small"), "x");
  Texts none(0, kLong);
  add(none, "a", "v1", "x");
  EXPECT_EQ(found(none, "a", "v1"), "");
}

TEST(Recent, TrustsNothingForLong) {
  Texts texts(100'000, std::chrono::milliseconds(200));
  add(texts, "a", "v1", "one");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(found(texts, "a", "v1"), "");  // not even where it was asked for all the time
  EXPECT_EQ(texts.bytes(), 0U);
}

// The store says a number, which only grows; a writer changes it, says so, and from then on nobody
// may be told a smaller one.
TEST(Recent, ManyThreadsNeverHearOfWhatWasBefore) {
  constexpr int kNames = 8, kChanges = 4000;
  RecentlyRead<int> numbers(std::size_t{4} * 1024, kLong);  // room for about half of them
  std::atomic<int> stored[kNames] = {}, told[kNames] = {};
  std::atomic<bool> is_over = false;
  std::atomic<int> stale = 0, hits = 0;
  const auto name_of = [](int i) { return "repository-" + std::to_string(i); };
  const auto read = [&](unsigned seed) {
    for (unsigned n = seed; !is_over; ++n) {
      const int i = static_cast<int>(n % kNames);
      const int least = told[i];
      const auto name = name_of(i);
      if (const auto found = numbers.find(name, "latest")) {
        ++hits;
        if (*found->value < least) ++stale;
        continue;
      }
      const auto generation = numbers.generation(name, "latest");
      const int value = stored[i];
      if (n % 3 == 0) std::this_thread::yield();
      numbers.add(name, "latest", generation, std::make_shared<const int>(value), 4);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 3; ++seed) threads.emplace_back(read, seed);
  // On a busy machine the readers may not have begun before all changes are done.
  for (int change = 1; change <= kChanges || hits == 0; ++change) {
    const int i = change % kNames;
    stored[i] = change;
    if (change % 3 == 0) numbers.forget(name_of(i), "latest");
    if (change % 3 == 1) numbers.forget_repository(name_of(i));
    if (change % 3 == 2) numbers.forget_all();
    told[i] = change;
    if (change % 8 == 0) std::this_thread::yield();
  }
  is_over = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stale, 0);
  EXPECT_LE(numbers.bytes(), 4U * 1024);
}

// Whoever changes the store through it never finds the old in memory.
class RecentContentTest : public ContentTest {
 protected:
  std::string tag_says(std::string_view name, std::string_view tag) {
    const auto reference = Reference(tag_of(tag));
    if (const auto recent = manifests_.recent(name_of(name), reference)) return recent->content;
    const auto fetched = manifests_.fetch(name_of(name), reference);
    return fetched ? fetched->small->content : "";
  }
};

TEST_P(RecentContentTest, AnswersFromMemoryWhatWasFetched) {
  const auto name = name_of("a/b");
  const auto digest = push_image(name, tag_of("v1"), "one");
  EXPECT_EQ(manifests_.recent(name, tag_of("v1")), nullptr);
  const auto fetched = manifests_.fetch(name, tag_of("v1"));
  ASSERT_TRUE(fetched);
  const auto recent = manifests_.recent(name, tag_of("v1"));
  ASSERT_NE(recent, nullptr);
  EXPECT_EQ(recent->content, fetched->small->content);
  EXPECT_EQ(recent->digest, digest);
  EXPECT_EQ(manifests_.recent(name, digest), nullptr);  // nobody asked for it by that
  EXPECT_EQ(manifests_.recent(name_of("a/c"), tag_of("v1")), nullptr);
}

TEST_P(RecentContentTest, AnswerFromMemoryIsAPromise) {
  const auto name = name_of("a/b");
  const auto text = std::string("one");
  const auto digest = push_image(name, tag_of("v1"), text);
  manifests_.fetch(name, tag_of("v1"));
  blobs_.fetch(name, oci::digest_of(text));
  Pins fresh(std::chrono::hours(1), Pins::Clock::now() - std::chrono::hours(2));
  Manifests manifests(driver(), fresh, locks_, tags_, referrers_, acceptance_, recent_, uses_,
                      counts_);
  Blobs blobs(driver(), fresh, locks_, recent_);
  EXPECT_FALSE(fresh.protects(digest, Pins::Clock::now() - std::chrono::minutes(1)));
  ASSERT_NE(manifests.recent(name, tag_of("v1")), nullptr);
  ASSERT_NE(blobs.recent(name, oci::digest_of(text)), nullptr);
  EXPECT_TRUE(fresh.protects(digest, Pins::Clock::now() - std::chrono::minutes(1)));
  EXPECT_TRUE(fresh.protects(oci::digest_of(text), Pins::Clock::now() - std::chrono::minutes(1)));
}

TEST_P(RecentContentTest, IsForgottenByEveryChange) {
  const auto name = name_of("a/b");
  const auto one = push_image(name, tag_of("v1"), "one");
  const auto first = tag_says("a/b", "v1");
  EXPECT_EQ(tag_says("a/b", "v1"), first);
  const auto two = push_image(name, tag_of("v1"), "two");  // the tag moves
  const auto second = tag_says("a/b", "v1");
  EXPECT_NE(second, first);
  EXPECT_EQ(tag_says("a/b", "v1"), second);
  EXPECT_TRUE(manifests_.fetch(name, one));
  EXPECT_TRUE(manifests_.recent(name, one));
  EXPECT_TRUE(manifests_.remove(name, one));
  EXPECT_FALSE(manifests_.recent(name, one));
  EXPECT_FALSE(manifests_.fetch(name, one));
  EXPECT_EQ(tag_says("a/b", "v1"), second);
  EXPECT_TRUE(manifests_.remove(name, two));  // and the tag with it
  EXPECT_EQ(tag_says("a/b", "v1"), "");
  push_image(name, tag_of("v1"), "one");
  EXPECT_EQ(tag_says("a/b", "v1"), first);
  EXPECT_TRUE(manifests_.remove(name, tag_of("v1")));
  EXPECT_EQ(tag_says("a/b", "v1"), "");
}

TEST_P(RecentContentTest, BlobIsForgottenWhenItIsRemoved) {
  const auto digest = push_blob(name_of("a/b"), "blob");
  blobs_.mount(name_of("a/b"), name_of("c/d"), digest);
  for (const char* name : {"a/b", "c/d"}) {
    ASSERT_NE(blobs_.fetch(name_of(name), digest), nullptr);
    ASSERT_NE(blobs_.recent(name_of(name), digest), nullptr);
  }
  EXPECT_TRUE(blobs_.remove(name_of("a/b"), digest));
  EXPECT_EQ(blobs_.recent(name_of("a/b"), digest), nullptr);
  EXPECT_EQ(blobs_.fetch(name_of("a/b"), digest), nullptr);
  EXPECT_NE(blobs_.recent(name_of("c/d"), digest), nullptr);
  blobs_.mount(name_of("c/d"), name_of("a/b"), digest);
  EXPECT_NE(blobs_.fetch(name_of("a/b"), digest), nullptr);
}

// A damaged blob is replaced by a push, and what was read of it is not said again.
TEST_P(RecentContentTest, BlobIsForgottenWhenADamagedOneIsReplaced) {
  const auto name = name_of("a/b");
  const auto digest = push_blob(name, "a blob");
  put(paths::blob(digest), "damaged: longer");
  ASSERT_NE(blobs_.fetch(name, digest), nullptr);
  ASSERT_EQ(blobs_.recent(name, digest)->content, "damaged: longer");
  push_blob(name_of("c/d"), "a blob");
  EXPECT_EQ(blobs_.recent(name, digest), nullptr);
  EXPECT_EQ(blobs_.fetch(name, digest)->content, "a blob");
}

ON_EACH_DRIVER(RecentContentTest);

}  // namespace
}  // namespace registry::content
