#include "registry/maintenance/scrubber.hpp"

#include <cerrno>
#include <set>
#include <system_error>

#include "maintenance_test.hpp"
#include "support/hooked_driver.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::maintenance {
namespace {

using support::HookedDriver;
using support::UnreadableDriver;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class ScrubberTest : public MaintenanceTest {
 protected:
  Scrubbed scrub(storage::Driver& driver, const ScrubOptions& options = {}) {
    damaged_.clear();
    return maintenance::scrub(driver, pins_, recent_, options,
                              [&](const DamagedBlob& blob) { damaged_.push_back(blob); });
  }
  Scrubbed scrub() { return scrub(driver()); }
  void damage(const oci::Digest& sha256, const std::string& content) {
    put(paths::blob(sha256), content);
  }
  void expect_in_quarantine(const oci::Digest& sha256, const std::string& content) {
    EXPECT_FALSE(has(paths::blob(sha256)));
    EXPECT_EQ(get(paths::quarantine(sha256)), content);
  }
  bool is_whole(const oci::Digest& sha256) {
    const auto content = get(paths::blob(sha256));
    return content && oci::digest_of(*content) == sha256;
  }

  // Of each file that `fails` has, as long as there is one in it.
  HookedDriver with_read_errors(std::multiset<std::string>& fails, int error = EIO) {
    return {driver(), [&fails, error](const std::string& path) {
              const auto found = fails.find(path);
              if (found == fails.end()) return;
              fails.erase(found);
              throw std::system_error(error, std::generic_category(), path);
            }};
  }

  const oci::RepositoryName kName = name_of("a/b"), kOther = name_of("c");
  std::vector<DamagedBlob> damaged_;
};
ON_EACH_DRIVER(ScrubberTest);

TEST_P(ScrubberTest, ReadsEveryBlobAndChangesNothingWhereAllAreWhole) {
  push_image(kName, tag_of("v1"), "one");
  push_blob(kOther, std::string(700'000, 'x'));
  push_blob(kOther, "");
  const auto before = tree();
  const auto scrubbed = scrub();
  EXPECT_EQ(scrubbed.blobs, 4U);
  EXPECT_EQ(scrubbed.bytes, 700'003 + manifest(descriptor("one")).size());
  EXPECT_EQ(scrubbed.damaged + scrubbed.unreadable, 0U);
  EXPECT_FALSE(scrubbed.was_stopped);
  EXPECT_THAT(damaged_, IsEmpty());
  EXPECT_EQ(tree(), before);
}

TEST_P(ScrubberTest, OfNothingFindsNothing) {
  EXPECT_EQ(scrub().blobs, 0U);
}

TEST_P(ScrubberTest, PutsWhatIsNotWhatItsDigestSaysInQuarantine) {
  for (const std::string content : {"garbled", "whol", "whole and more", ""}) {
    SCOPED_TRACE(content);
    const auto sha256 = push_blob(kName, "whole!!");
    push_blob(kName, "another");
    damage(sha256, content);
    const auto scrubbed = scrub();
    EXPECT_EQ(scrubbed.blobs, 2U);
    EXPECT_EQ(scrubbed.damaged, 1U);
    ASSERT_THAT(damaged_, SizeIs(1));
    EXPECT_EQ(damaged_[0].sha256, sha256);
    EXPECT_EQ(damaged_[0].size_bytes, content.size());
    EXPECT_EQ(damaged_[0].quarantine, paths::quarantine(sha256));
    expect_in_quarantine(sha256, content);
    EXPECT_FALSE(blobs_.stat(kName, sha256)) << "and a push would be told that it is there";
    EXPECT_TRUE(has_blob("another"));
    driver().remove(paths::quarantine(sha256), storage::Survives::process_crash);
  }
}

TEST_P(ScrubberTest, IsFollowedByAPushThatMends) {
  const auto sha256 = push_blob(kName, "whole");
  damage(sha256, "rotten");
  scrub();
  push_blob(kName, "whole");
  EXPECT_TRUE(is_whole(sha256));
  EXPECT_EQ(scrub().damaged, 0U);
}

TEST_P(ScrubberTest, MakesAnswersFromMemoryForgetWhatItTakes) {
  const auto digest = push_image(kName, tag_of("v1"), "config");
  ASSERT_TRUE(manifests_.fetch(kName, digest));
  ASSERT_TRUE(blobs_.fetch(kName, oci::digest_of("config")));
  ASSERT_TRUE(manifests_.recent(kName, digest));
  ASSERT_TRUE(blobs_.recent(kName, oci::digest_of("config")));
  damage(digest, "{}");
  damage(oci::digest_of("config"), "gifnoc");
  EXPECT_EQ(scrub().damaged, 2U);
  EXPECT_FALSE(manifests_.recent(kName, digest));
  EXPECT_FALSE(blobs_.recent(kName, oci::digest_of("config")));
  EXPECT_FALSE(manifests_.fetch(kName, digest));
}

TEST_P(ScrubberTest, KeepsWhatIsInQuarantineAlready) {
  const auto sha256 = push_blob(kName, "whole");
  for (const char* content : {"first", "second", "third"}) {
    damage(sha256, content);
    scrub();
  }
  EXPECT_EQ(get(paths::quarantine(sha256)), "first");
  EXPECT_EQ(get(paths::quarantine(sha256) + "-2"), "second");
  EXPECT_EQ(get(paths::quarantine(sha256) + "-3"), "third");
}

TEST_P(ScrubberTest, LeavesWhatARequestReliesOnForLater) {
  const auto sha256 = push_blob(kName, "whole");
  damage(sha256, "rotten");
  {
    const auto pin = pins_.pin(sha256);
    EXPECT_EQ(scrub().damaged, 1U);
    ASSERT_THAT(damaged_, SizeIs(1));
    EXPECT_EQ(damaged_[0].quarantine, "");
    EXPECT_EQ(get(paths::blob(sha256)), "rotten");
  }
  EXPECT_EQ(scrub().damaged, 1U);
  expect_in_quarantine(sha256, "rotten");
}

// Of the same size as well.
TEST_P(ScrubberTest, LeavesWhatAPushHasPutThereMeanwhile) {
  const auto sha256 = push_blob(kName, "whole");
  damage(sha256, "elohw");
  HookedDriver driver_with_push(driver(), [&](const std::string&) { damage(sha256, "whole"); });
  EXPECT_EQ(scrub(driver_with_push).damaged, 0U);
  EXPECT_TRUE(is_whole(sha256));
  EXPECT_FALSE(has(paths::quarantine(sha256)));
}

TEST_P(ScrubberTest, LeavesWhatIsReadRightTheSecondTime) {
  const auto sha256 = push_blob(kName, "whole");
  std::multiset<std::string> fails = {paths::blob(sha256)};
  auto failing = with_read_errors(fails);
  const auto scrubbed = scrub(failing);
  EXPECT_EQ(scrubbed.blobs, 1U);
  EXPECT_EQ(scrubbed.damaged, 0U);
  EXPECT_TRUE(is_whole(sha256));
}

TEST_P(ScrubberTest, PutsWhatTheDiskCannotReadInQuarantineWholeAsItMayBe) {
  const auto sha256 = push_blob(kName, "whole");
  std::multiset<std::string> fails = {paths::blob(sha256), paths::blob(sha256)};
  auto failing = with_read_errors(fails);
  EXPECT_EQ(scrub(failing).damaged, 1U);
  expect_in_quarantine(sha256, "whole");
}

TEST_P(ScrubberTest, LeavesWhatFailsForAnotherReason) {
  const auto sha256 = push_blob(kName, "whole");
  std::multiset<std::string> fails = {paths::blob(sha256), paths::blob(sha256)};
  auto failing = with_read_errors(fails, ENOMEM);
  const auto scrubbed = scrub(failing);
  EXPECT_EQ(scrubbed.damaged, 0U);
  EXPECT_EQ(scrubbed.unreadable, 1U);
  EXPECT_TRUE(is_whole(sha256));
}

TEST_P(ScrubberTest, EmptiesNoStoreWhoseDiskAsAWholeCannotBeRead) {
  constexpr std::size_t kBlobs = 40;
  for (std::size_t i = 0; i < kBlobs; ++i) push_blob(kName, "blob " + std::to_string(i));
  HookedDriver failing(driver(), [](const std::string& path) {
    throw std::system_error(EIO, std::generic_category(), path);
  });
  const auto scrubbed = scrub(failing);
  EXPECT_EQ(scrubbed.damaged, 16U);
  EXPECT_EQ(scrubbed.unreadable, kBlobs - 16);
  EXPECT_THAT(names_in(".registry/quarantine"), SizeIs(16));
  std::size_t left = 0;
  for (std::size_t i = 0; i < kBlobs; ++i) left += has_blob("blob " + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(left, kBlobs - 16);
}

TEST_P(ScrubberTest, LeavesWhatItMayNotReadAndGoesOn) {
  const auto locked = push_blob(kName, "locked"), hidden = push_blob(kName, "hidden");
  const auto rotten = push_blob(kName, "rotten");
  const auto shelf = folder_of(folder_of(paths::blob(hidden)));
  ASSERT_FALSE(paths::blob(locked).starts_with(shelf + '/'));
  ASSERT_FALSE(paths::blob(rotten).starts_with(shelf + '/'));
  damage(rotten, "x");
  UnreadableDriver unreadable(driver(), {paths::blob(locked), shelf});
  const auto scrubbed = scrub(unreadable);
  EXPECT_EQ(scrubbed.unreadable, 2U);
  EXPECT_EQ(scrubbed.damaged, 1U);
  EXPECT_TRUE(is_whole(locked));
  EXPECT_TRUE(is_whole(hidden));
  expect_in_quarantine(rotten, "x");
}

TEST_P(ScrubberTest, PassesOverStrayFilesAndFoldersWithoutData) {
  put(paths::kBlobs + "/stray", "x");
  put(paths::kBlobs + "/ab/stray", "x");
  put(paths::kBlobs + "/ab/" + std::string(64, 'c') + "/data", "of another shelf");
  put(paths::kBlobs + "/ab/ab" + std::string(62, 'c') + "/other", "no data");
  const auto before = tree();
  const auto scrubbed = scrub();
  EXPECT_EQ(scrubbed.blobs + scrubbed.damaged + scrubbed.unreadable, 0U);
  EXPECT_EQ(tree(), before);
}

TEST_P(ScrubberTest, NamesTheImagesThatAreHit) {
  push_blob(kName, "layer");
  push_blob(kName, "config");
  const auto content = manifest(descriptor("config"), descriptor("layer"));
  const auto child = push_manifest(kName, oci::digest_of(content), content);
  push_index(kName, tag_of("all"), index_of({child}));
  push_blob(kOther, "layer");
  push_image(kOther, tag_of("v1"), "layer");
  push_image(kOther, tag_of("v2"), "layer");
  push_image(kOther, tag_of("spared"), "something else");
  damage(oci::digest_of("layer"), "reyal");
  scrub();
  ASSERT_THAT(damaged_, SizeIs(1));
  EXPECT_THAT(damaged_[0].hits,
              UnorderedElementsAre("a/b:all", "a/b@" + child.str(), "c:v1", "c:v2"));
}

TEST_P(ScrubberTest, NamesTheImageWhoseManifestIsHit) {
  const auto digest = push_image(kName, tag_of("v1"), "config");
  damage(digest, "{}");
  scrub();
  ASSERT_THAT(damaged_, SizeIs(1));
  EXPECT_THAT(damaged_[0].hits, ElementsAre("a/b:v1"));
}

TEST_P(ScrubberTest, SaysOfEachDamagedBlobWhatPeopleNeed) {
  const auto sha256 = push_blob(kName, "config");
  damage(sha256, "rotten");
  scrub();
  ASSERT_THAT(damaged_, SizeIs(1));
  EXPECT_EQ(to_string(damaged_[0]), sha256.str() + " 6 damaged: quarantined as " +
                                        paths::quarantine(sha256) + "; hits: no image");
  damaged_[0].quarantine.clear();
  damaged_[0].hits = {"a:1", "b:2"};
  EXPECT_THAT(to_string(damaged_[0]), HasSubstr("still in its place"));
  EXPECT_THAT(to_string(damaged_[0]), HasSubstr("hits: a:1, b:2"));
}

TEST_P(ScrubberTest, EndsAtOnceWhereItIsAskedTo) {
  const auto sha256 = push_blob(kName, "whole");
  damage(sha256, "rotten");
  std::stop_source stop;
  stop.request_stop();
  const auto scrubbed = scrub(driver(), {.stop = stop.get_token()});
  EXPECT_TRUE(scrubbed.was_stopped);
  EXPECT_EQ(scrubbed.blobs, 0U);
  EXPECT_EQ(get(paths::blob(sha256)), "rotten");
}

// At this rate the second block would be read in a year.
TEST_P(ScrubberTest, EndsInTheMiddleOfABlobAndTakesItForNothing) {
  const auto sha256 = push_blob(kName, std::string(1 << 20, 'x'));
  std::stop_source stop;
  HookedDriver driver_with_stop(driver(), [&](const std::string&) { stop.request_stop(); });
  const auto scrubbed = scrub(driver_with_stop, {.rate = 1, .stop = stop.get_token()});
  EXPECT_TRUE(scrubbed.was_stopped);
  EXPECT_EQ(scrubbed.blobs + scrubbed.damaged, 0U);
  EXPECT_EQ(scrubbed.bytes, 256U * 1024);
  EXPECT_TRUE(is_whole(sha256));
}

TEST_P(ScrubberTest, CountsWhatItDoes) {
  const auto sha256 = push_blob(kName, "four");
  push_blob(kName, "seven..");
  damage(sha256, "");
  base::Metrics metrics;
  scrub(driver(), {.metrics = ScrubMetrics(metrics)});
  const auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("registry_scrub_blobs_total 2\n"));
  EXPECT_THAT(text, HasSubstr("registry_scrub_bytes_total 7\n"));
  EXPECT_THAT(text, HasSubstr("registry_scrub_damaged_total 1\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("registry_scrub_last_completed_timestamp_seconds 0")));
}

}  // namespace
}  // namespace registry::maintenance
