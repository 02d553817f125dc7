#include "registry/content/last_uses.hpp"

#include "content_test.hpp"

namespace registry::content {
namespace {

using namespace std::chrono_literals;
using base::WallTime;

class LastUsesTest : public ContentTest {
 protected:
  static WallTime at(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }
  static oci::Digest digest(int i) { return oci::digest_of(std::to_string(i)); }
  std::optional<WallTime> pulled(const LastUses& uses, int i, WallTime pushed = at(2000)) const {
    return uses.find(kName, digest(i), pushed).pulled;
  }
  void pull(LastUses& uses, int i, std::int64_t seconds) const {
    uses.of(kName, digest(i))->pull(at(seconds));
  }

  const oci::RepositoryName kName = name_of("team/app");
};
ON_EACH_DRIVER(LastUsesTest);

TEST_P(LastUsesTest, KnowTheLastPullOfEachManifestOfEachRepository) {
  LastUses uses(driver(), 10, at(1000));
  EXPECT_EQ(pulled(uses, 1), std::nullopt);
  pull(uses, 1, 3000);
  pull(uses, 2, 3005);
  pull(uses, 1, 2999);  // by a thread that was overtaken
  EXPECT_EQ(pulled(uses, 1), at(3000));
  EXPECT_EQ(pulled(uses, 2), at(3005));
  EXPECT_EQ(uses.find(name_of("other"), digest(1), at(2000)).pulled, std::nullopt);
}

TEST_P(LastUsesTest, KnowWhenATagWasLost) {
  LastUses uses(driver(), 10, at(1000));
  EXPECT_EQ(uses.find(kName, digest(1), at(2000)).untagged, std::nullopt);
  uses.untagged(kName, digest(1), at(3000), true);
  EXPECT_EQ(uses.find(kName, digest(1), at(2000)).untagged, at(3000));
  EXPECT_TRUE(uses.find(kName, digest(1), at(2000)).untagged_by_rule);
  uses.untagged(kName, digest(1), at(3001), false);
  EXPECT_FALSE(uses.find(kName, digest(1), at(2000)).untagged_by_rule);
  uses.forget(kName, digest(1));
  EXPECT_EQ(uses.find(kName, digest(1), at(2000)).untagged, std::nullopt);
}

TEST_P(LastUsesTest, TakeWhatWasThereBeforeThemForPulledAtTheirBeginning) {
  LastUses uses(driver(), 10, at(1000));
  EXPECT_EQ(pulled(uses, 1, at(999)), at(1000));
  EXPECT_EQ(pulled(uses, 1, at(1000)), std::nullopt);
}

TEST_P(LastUsesTest, SurviveARestart) {
  {
    LastUses uses(driver(), 10, at(1000));
    uses.load();
    pull(uses, 1, 3000);
    uses.untagged(kName, digest(2), at(3001), true);
    uses.save(true);
  }
  LastUses uses(driver(), 10, at(5000));
  pull(uses, 1, 5001);
  pull(uses, 3, 5002);
  uses.load();
  EXPECT_EQ(pulled(uses, 1), at(5001));
  EXPECT_EQ(pulled(uses, 3), at(5002));
  EXPECT_EQ(uses.find(kName, digest(2), at(2000)).untagged, at(3001));
  EXPECT_TRUE(uses.find(kName, digest(2), at(2000)).untagged_by_rule);
  EXPECT_EQ(pulled(uses, 9, at(999)), at(1000));  // that they began then is known as well
}

TEST_P(LastUsesTest, WriteAPullAtMostOnceAnHour) {
  LastUses uses(driver(), 10, at(1000));
  uses.load();
  uses.save();
  EXPECT_EQ(get(paths::kLastUses), "last-uses-1 1000\n");  // since when all is known
  pull(uses, 1, 10'000);
  uses.save();
  const auto first = get(paths::kLastUses);
  ASSERT_TRUE(first);
  pull(uses, 1, 13'599);
  uses.save();
  EXPECT_EQ(get(paths::kLastUses), first);
  pull(uses, 1, 13'600);
  uses.save();
  EXPECT_NE(get(paths::kLastUses), first);
}

TEST_P(LastUsesTest, WriteALostTagAtOnceAndEverythingAtTheEnd) {
  LastUses uses(driver(), 10, at(1000));
  uses.load();
  pull(uses, 1, 10'000);
  uses.save();
  uses.untagged(kName, digest(1), at(10'001), false);
  uses.save();
  EXPECT_THAT(*get(paths::kLastUses), testing::HasSubstr(" 10000 10001 0\n"));
  pull(uses, 1, 10'002);
  uses.save(true);
  EXPECT_THAT(*get(paths::kLastUses), testing::HasSubstr(" 10002 10001 0\n"));
}

TEST_P(LastUsesTest, WriteNothingBeforeTheyHaveRead) {
  put(paths::kLastUses, "last-uses-1 500\n");
  LastUses uses(driver(), 10, at(1000));
  pull(uses, 1, 10'000);
  uses.save(true);
  EXPECT_EQ(get(paths::kLastUses), "last-uses-1 500\n");
}

TEST_P(LastUsesTest, TakeADamagedFileForAbsent) {
  const auto line = "team/app " + digest(1).str() + " 3000 0 0\n";
  for (const auto& text : {std::string("x"), std::string(), "last-uses-1 -5\n" + line,
                           "last-uses-2 500\n" + line, "last-uses-1 500\n" + line + "team/app",
                           "last-uses-1 500\n" + line + "TEAM/ " + digest(2).str() + " 1 1 0\n",
                           "last-uses-1 500\n" + line + "a sha256:12 1 1 0\n",
                           "last-uses-1 500\na " + digest(2).str() + " 1 1 0 9\n",
                           "last-uses-1 500\na " + digest(2).str() + " -1 1 0\n"}) {
    put(paths::kLastUses, text);
    LastUses uses(driver(), 10, at(1000));
    uses.load();
    EXPECT_EQ(pulled(uses, 1), std::nullopt) << text;
    EXPECT_EQ(pulled(uses, 9, at(999)), at(1000)) << text;
    pull(uses, 1, 3000);
    uses.save();
    EXPECT_THAT(*get(paths::kLastUses), testing::StartsWith("last-uses-1 1000\n"));
  }
}

TEST_P(LastUsesTest, AreBoundedAndDropTheOldest) {
  LastUses uses(driver(), 20, at(1000));
  for (int i = 0; i < 100; ++i) pull(uses, i, 10'000 + i);
  int known = 0;
  for (int i = 0; i < 100; ++i) known += pulled(uses, i, at(20'000)) ? 1 : 0;
  EXPECT_LE(known, 20);
  EXPECT_GE(known, 15);
  EXPECT_EQ(pulled(uses, 99, at(20'000)), at(10'099));
  // What was dropped may have been pulled until then.
  EXPECT_GE(pulled(uses, 0), at(10'070));
}

TEST_P(LastUsesTest, AreOfManifestsThatAreRead) {
  push_image(kName, tag_of("v1"), "one");
  const auto fetched = manifests_.fetch(kName, tag_of("v1"));
  ASSERT_TRUE(fetched);
  fetched->use->pull(at(5'000'000'000));
  EXPECT_EQ(uses_.find(kName, fetched->found.sha256, at(5'000'000'000)).pulled, at(5'000'000'000));
  EXPECT_EQ(manifests_.recent(kName, tag_of("v1"))->use, fetched->use);
}

TEST_P(LastUsesTest, HearOfTagsThatMoveOrGo) {
  const auto one = push_image(kName, tag_of("v1"), "one");
  const auto untagged = [&](const oci::Digest& sha256) {
    return uses_.find(kName, sha256, at(0)).untagged.has_value();
  };
  push_image(kName, tag_of("v1"), "one");
  EXPECT_FALSE(untagged(one));
  const auto two = push_image(kName, tag_of("v1"), "two");
  EXPECT_TRUE(untagged(one));
  EXPECT_FALSE(untagged(two));
  manifests_.remove(kName, tag_of("v1"));
  EXPECT_TRUE(untagged(two));
  manifests_.remove(kName, two);
  EXPECT_FALSE(untagged(two));
}

}  // namespace
}  // namespace registry::content
