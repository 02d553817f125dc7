#include "registry/maintenance/upload_purger.hpp"

#include "maintenance_test.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::maintenance {
namespace {

using support::UnreadableDriver;

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class UploadPurger : public MaintenanceTest {
 protected:
  // As it was left so long ago.
  void leave(const std::string& id, std::chrono::hours ago, bool has_start = true) {
    if (has_start) {
      put(paths::upload_started_at(kName, id), base::rfc3339_seconds(kNow - ago));
    }
    put(paths::upload_data(kName, id), "data");
  }
  Purged purge(storage::Driver& driver, base::WallTime limit, bool dry_run = false) {
    content::Content content(driver, acceptance_, io_);
    return purge_uploads(content, limit, dry_run);
  }
  std::vector<std::string> left() { return names_in(paths::uploads(kName)); }

  // On a disk an upload was touched when its files were made, which is now.
  const base::WallTime kNow = std::chrono::system_clock::now();
  const base::WallTime kLater = kNow + std::chrono::hours(1);
  const oci::RepositoryName kName = name_of("a/b");
};
ON_EACH_DRIVER(UploadPurger);

TEST_P(UploadPurger, RemovesWhatNobodyHasTouchedSinceTheLimit) {
  leave("old", std::chrono::hours(200));
  const auto purged = purge(driver(), kLater);
  EXPECT_EQ(purged.found, 1U);
  EXPECT_EQ(purged.removed, 1U);
  EXPECT_THAT(left(), ElementsAre());
}

TEST_P(UploadPurger, KeepsWhatBeganAfterTheLimit) {
  leave("young", std::chrono::hours(-2));
  EXPECT_EQ(purge(driver(), kLater).found, 0U);
  EXPECT_THAT(left(), ElementsAre("young"));
}

TEST_P(UploadPurger, KeepsWhatBeganLongAgoAndWasAddedToSince) {
  if (GetParam() == Backend::memory) return;  // which has no times of files
  leave("slow", std::chrono::hours(200));
  EXPECT_EQ(purge(driver(), kNow - std::chrono::hours(1)).found, 0U);
  EXPECT_THAT(left(), ElementsAre("slow"));
}

TEST_P(UploadPurger, RemovesNothingInADryRun) {
  leave("old", std::chrono::hours(200));
  const auto before = tree();
  const auto purged = purge(driver(), kLater, true);
  EXPECT_EQ(purged.found, 1U);
  EXPECT_EQ(purged.removed, 0U);
  EXPECT_EQ(tree(), before);
}

TEST_P(UploadPurger, KeepsWhatARequestIsWritingTo) {
  leave("in-use", std::chrono::hours(200));
  content::Content content(driver(), acceptance_, io_);
  {
    const auto upload = content.uploads.open(kName, "in-use");
    EXPECT_EQ(purge_uploads(content, kLater, false).removed, 0U);
    EXPECT_THAT(left(), ElementsAre("in-use"));
  }
  EXPECT_EQ(purge_uploads(content, kLater, false).removed, 1U);
}

TEST_P(UploadPurger, RemovesWhatSaysNothingOfItsStartOrNothingThatCanBeRead) {
  leave("no-start", {}, false);
  leave("garbled-start", {});
  put(paths::upload_started_at(kName, "garbled-start"), "yesterday");
  EXPECT_EQ(purge(driver(), kLater).removed, 2U);
}

TEST_P(UploadPurger, LeavesStrayFilesAlone) {
  put(paths::uploads(kName) + "/notes", "x");
  put(paths::uploads(kName) + "/.hidden/data", "x");
  leave("old", std::chrono::hours(200));
  EXPECT_EQ(purge(driver(), kLater).removed, 1U);
  EXPECT_THAT(left(), UnorderedElementsAre("notes", ".hidden"));
}

TEST_P(UploadPurger, GoesOnBehindWhatItMayNotRead) {
  for (const auto* id : {"a", "b", "c"}) leave(id, std::chrono::hours(200));
  UnreadableDriver unreadable(driver(), {paths::upload(kName, "b")});
  EXPECT_EQ(purge(unreadable, kLater).removed, 2U);
  EXPECT_THAT(left(), ElementsAre("b"));
}

TEST_P(UploadPurger, GoesOnBehindARepositoryThatItMayNotRead) {
  leave("old", std::chrono::hours(200));
  put(paths::upload_data(name_of("a/a"), "hidden"), "data");
  UnreadableDriver unreadable(driver(), {paths::uploads(name_of("a/a"))});
  EXPECT_EQ(purge(unreadable, kLater).removed, 1U);
}

}  // namespace
}  // namespace registry::maintenance
