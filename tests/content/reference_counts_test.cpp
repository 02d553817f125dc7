#include "registry/content/reference_counts.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "registry/oci/hasher.hpp"

namespace registry::content {
namespace {

oci::RepositoryName name_of(const std::string& text) {
  return *oci::RepositoryName::parse(text);
}
oci::Digest blob(int number) {
  return oci::digest_of("blob " + std::to_string(number));
}
oci::Digest manifest(int number) {
  return oci::digest_of("manifest " + std::to_string(number));
}

const auto kName = name_of("team/app"), kOther = name_of("team/other");
const auto kInfinity = ReferenceCounts::Clock::time_point::max();

// As a mark that has seen nothing.
std::size_t recount_nothing(ReferenceCounts& counts) {
  ReferenceCounts::Recount recount(counts);
  return recount.finish();
}

class ReferenceCountsTest : public testing::Test {
 protected:
  ReferenceCountsTest() { recount_nothing(counts_); }

  std::vector<oci::Digest> let_go() {
    std::vector<oci::Digest> digests;
    const auto taken = counts_.take_let_go(kInfinity);
    for (const auto& one : *taken) digests.push_back(one.sha256);
    std::ranges::sort(digests);
    return digests;
  }
  static std::vector<oci::Digest> sorted(std::vector<oci::Digest> digests) {
    std::ranges::sort(digests);
    return digests;
  }

  ReferenceCounts counts_;
};

TEST(ReferenceCounts, NothingIsKnownBeforeTheStoreWasCounted) {
  ReferenceCounts counts;
  counts.add(kName, manifest(1), {});
  EXPECT_FALSE(counts.is_known());
  EXPECT_FALSE(counts.needed_by(manifest(1)));
  EXPECT_FALSE(counts.take_let_go(kInfinity));
  counts.remove(kName, manifest(1), {});
  EXPECT_FALSE(counts.first_let_go());
}

TEST_F(ReferenceCountsTest, AManifestNeedsItselfAndWhatItNamesOnce) {
  counts_.add(kName, manifest(1), std::vector{blob(1), blob(2), blob(1)});
  counts_.add(kName, manifest(1), std::vector{blob(1), blob(2), blob(1)});  // again
  counts_.add(kOther, manifest(2), std::vector{blob(2)});
  EXPECT_EQ(counts_.needed_by(manifest(1)), 1U);
  EXPECT_EQ(counts_.needed_by(blob(1)), 1U);
  EXPECT_EQ(counts_.needed_by(blob(2)), 2U);
  EXPECT_EQ(counts_.needed_by(kName, blob(2)), 1U);
  EXPECT_EQ(counts_.needed_by(kOther, blob(1)), 0U);
  EXPECT_EQ(counts_.manifests_in(kName), 1U);
}

TEST_F(ReferenceCountsTest, WhatNoManifestOfTheRepositoryNeedsAnyMoreIsLetGoOf) {
  counts_.add(kName, manifest(1), std::vector{blob(1), blob(2)});
  counts_.add(kName, manifest(2), std::vector{blob(2)});
  counts_.add(kOther, manifest(1), std::vector{blob(1), blob(2)});
  EXPECT_FALSE(counts_.first_let_go());
  counts_.remove(kName, manifest(1), std::vector{blob(1), blob(2)});
  EXPECT_TRUE(counts_.first_let_go());
  EXPECT_EQ(counts_.needed_by(blob(1)), 1U);
  EXPECT_EQ(counts_.needed_by(kName, blob(1)), 0U);
  EXPECT_EQ(let_go(), sorted({manifest(1), blob(1)}));
  EXPECT_FALSE(counts_.first_let_go());
  counts_.remove(kName, manifest(1), std::vector{blob(1), blob(2)});  // again: counts no more
  EXPECT_EQ(counts_.needed_by(blob(2)), 2U);
}

TEST_F(ReferenceCountsTest, OnlyWhatWasLetGoOfBeforeIsTaken) {
  counts_.add(kName, manifest(1), {});
  counts_.remove(kName, manifest(1), {});
  const auto since = counts_.first_let_go().value();
  EXPECT_TRUE(counts_.take_let_go(since)->empty());
  auto taken = counts_.take_let_go(since + std::chrono::nanoseconds(1)).value();
  ASSERT_EQ(taken.size(), 1U);
  counts_.let_go_again(std::move(taken));
  EXPECT_GE(counts_.first_let_go().value(), since);
}

TEST_F(ReferenceCountsTest, WhoNamesSomethingOtherwiseMakesAllUnknownAsLongAsItIsThere) {
  const std::vector references = {oci::digest_of("x", oci::Algorithm::sha512)};
  counts_.add(kName, manifest(1), references);
  EXPECT_FALSE(counts_.is_known());
  EXPECT_FALSE(counts_.first_let_go());
  counts_.remove(kName, manifest(1), references);
  EXPECT_TRUE(counts_.is_known());
}

TEST(ReferenceCounts, TooManyAreNotKnown) {
  ReferenceCounts counts(64 * 1024);
  recount_nothing(counts);
  for (int i = 0; i < 10'000 && counts.is_known(); ++i) counts.add(kName, manifest(i), {});
  EXPECT_FALSE(counts.is_known());
  recount_nothing(counts);
  EXPECT_TRUE(counts.is_known());
}

TEST(ReferenceCounts, TooManyThatWereLetGoOfAreNotKnown) {
  ReferenceCounts counts;
  recount_nothing(counts);
  counts.add(kName, manifest(1), {});
  for (int i = 0; i < 100'001; ++i) {
    counts.add(kOther, manifest(2), {});
    counts.remove(kOther, manifest(2), {});
  }
  EXPECT_FALSE(counts.is_known());
}

TEST_F(ReferenceCountsTest, ARecountThatIsNotFinishedLeavesNothingKnown) {
  {
    const ReferenceCounts::Recount recount(counts_);
  }
  EXPECT_FALSE(counts_.is_known());
}

TEST_F(ReferenceCountsTest, ARecountFindsWhatWasWrong) {
  counts_.add(kName, manifest(1), {});  // its push failed
  ReferenceCounts::Recount recount(counts_);
  recount.seen(kOther, manifest(2), {});  // by hand
  EXPECT_EQ(recount.finish(), 6U);        // of each: by itself, in its repository, the repository
  EXPECT_EQ(counts_.needed_by(manifest(1)), 0U);
  EXPECT_EQ(counts_.needed_by(manifest(2)), 1U);
}

TEST_F(ReferenceCountsTest, WhatChangesDuringARecountIsCounted) {
  for (int i = 1; i <= 3; ++i) counts_.add(kName, manifest(i), std::vector{blob(i)});
  ReferenceCounts::Recount recount(counts_);
  recount.seen(kName, manifest(1), std::vector{blob(1)});
  counts_.remove(kName, manifest(1), std::vector{blob(1)});
  counts_.remove(kName, manifest(2), std::vector{blob(2)});
  recount.seen(kName, manifest(2), std::vector{blob(2)});  // it was read before it went
  counts_.remove(kName, manifest(3), std::vector{blob(3)});
  counts_.add(kName, manifest(3), std::vector{blob(3)});
  recount.seen(kName, manifest(3), std::vector{blob(3)});
  counts_.add(kName, manifest(4), std::vector{blob(4)});
  EXPECT_EQ(recount.finish(), 0U);
  EXPECT_EQ(counts_.needed_by(blob(1)), 0U);
  EXPECT_EQ(counts_.needed_by(blob(2)), 0U);
  EXPECT_EQ(counts_.needed_by(blob(3)), 1U);
  EXPECT_EQ(counts_.needed_by(blob(4)), 1U);
}

// What a store would hold, beside the counts.
class Model {
 public:
  using Repositories = std::map<oci::RepositoryName, std::map<int, std::vector<oci::Digest>>>;

  explicit Model(unsigned seed) : random_(seed) {}

  void change(ReferenceCounts& counts) {
    const auto& name = names_.at(below(names_.size()));
    const int number = static_cast<int>(below(12));
    auto& manifests = all[name];
    if (below(2) == 0) {
      counts.add(name, manifest(number), references_of(number));
      manifests[number] = references_of(number);
    } else if (manifests.erase(number) > 0) {
      counts.remove(name, manifest(number), references_of(number));
    }
  }
  std::size_t needed_by(const oci::Digest& sha256) const {
    std::size_t count = 0;
    for (const auto& [name, manifests] : all) {
      for (const auto& [number, references] : manifests) {
        count += manifest(number) == sha256 || std::ranges::count(references, sha256) > 0 ? 1 : 0;
      }
    }
    return count;
  }
  std::size_t below(std::size_t limit) { return random_() % limit; }

  Repositories all;

 private:
  static std::vector<oci::Digest> references_of(int number) {
    return {blob(number), blob(number / 2), blob(100)};
  }

  const std::vector<oci::RepositoryName> names_ = {kName, kOther, name_of("third")};
  std::mt19937 random_;
};

TEST(ReferenceCounts, AreThoseOfTheStoreWhateverHappens) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(seed);
    ReferenceCounts counts;
    recount_nothing(counts);
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 20; ++i) model.change(counts);
      ReferenceCounts::Recount recount(counts);
      const auto listed = model.all;  // then it changes behind the mark's back
      for (const auto& [name, manifests] : listed) {
        for (const auto& [number, references] : manifests) {
          if (model.below(2) == 0) model.change(counts);
          recount.seen(name, manifest(number), references);
        }
      }
      ASSERT_EQ(recount.finish(), 0U);
      for (int i = 0; i < 12; ++i) {
        ASSERT_EQ(counts.needed_by(blob(i)), model.needed_by(blob(i))) << "blob " << i;
        ASSERT_EQ(counts.needed_by(manifest(i)), model.needed_by(manifest(i))) << i;
      }
    }
  }
}

TEST_F(ReferenceCountsTest, SeveralMayChangeThemAtOnce) {
  std::atomic<bool> done = false;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      const auto name = name_of("team/" + std::to_string(thread));
      for (int i = 0; i < 2000; ++i) {
        counts_.add(name, manifest(i % 7), std::vector{blob(1)});
        if (i % 7 != thread) counts_.remove(name, manifest(i % 7), std::vector{blob(1)});
      }
    });
  }
  std::jthread taker([&] {
    while (!done) counts_.take_let_go(kInfinity);
  });
  threads.clear();
  done = true;
  EXPECT_EQ(counts_.needed_by(blob(1)), 3U);
}

}  // namespace
}  // namespace registry::content
