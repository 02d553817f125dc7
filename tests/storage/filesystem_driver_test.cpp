#include "registry/storage/filesystem_driver.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "driver_contract.hpp"
#include "folder_contract.hpp"
#include "support/temporary_directory.hpp"

namespace registry::storage {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class OnDisk {
 public:
  Driver& driver() { return *driver_; }

 private:
  const support::TemporaryDirectory directory_;
  const std::unique_ptr<base::Files> files_ = base::make_posix_files();
  const std::unique_ptr<Driver> driver_ = make_filesystem_driver(*files_, directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(Filesystem, DriverContract, OnDisk);
INSTANTIATE_TYPED_TEST_SUITE_P(Filesystem, FolderContract, OnDisk);

class FilesystemDriverTest : public testing::Test {
 protected:
  std::unique_ptr<Driver> make_driver() { return make_driver(root_); }
  std::unique_ptr<Driver> make_driver(const fs::path& root) {
    return make_filesystem_driver(*files_, root);
  }
  static std::vector<std::string> names_in(const fs::path& path) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) names.push_back(entry.path().filename());
    return names;
  }
  static void write(const fs::path& path, std::string_view content) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  static unsigned mode_of(const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions());
  }

  const support::TemporaryDirectory directory_;
  const fs::path root_ = directory_.path();
  const std::unique_ptr<base::Files> files_ = base::make_posix_files();
};

TEST_F(FilesystemDriverTest, AddsNothingButItsOwnDirectory) {
  const auto driver = make_driver();
  EXPECT_THAT(names_in(root_), ElementsAre(".registry"));
  driver->put("a/b/file", "x", Survives::power_loss);
  EXPECT_THAT(names_in(root_), UnorderedElementsAre(".registry", "a"));
  EXPECT_THAT(names_in(root_ / "a"), ElementsAre("b"));
  EXPECT_THAT(names_in(root_ / "a/b"), ElementsAre("file"));
  EXPECT_THAT(names_in(root_ / ".registry"), ElementsAre("aside"));
  EXPECT_THAT(names_in(root_ / ".registry/aside"), IsEmpty());
}

TEST_F(FilesystemDriverTest, LooksOnWithoutTouchingAnything) {
  const auto at_work = make_driver();
  write(root_ / "a/b", "content");
  write(root_ / ".registry/aside/0", "is to be renamed by the other");
  const auto looking_on = make_filesystem_driver(*files_, root_, Access::looks_on);
  EXPECT_EQ(looking_on->get("a/b", 7), "content");
  EXPECT_THAT(names_in(root_ / ".registry"), ElementsAre("aside"));
  EXPECT_THAT(names_in(root_ / ".registry/aside"), ElementsAre("0"));
}

// On a full volume no directory can be made.
TEST_F(FilesystemDriverTest, MakesNoDirectoryWhereNothingWasSetAside) {
  make_driver();
  const auto inode_of = [&] {
    struct stat status{};
    ::stat((root_ / ".registry/aside").c_str(), &status);
    return status.st_ino;
  };
  const auto before = inode_of();
  make_driver();
  EXPECT_EQ(inode_of(), before);
}

TEST_F(FilesystemDriverTest, ReadsWhatOthersWrote) {
  write(root_ / "a/file", "of 2.8");
  const auto driver = make_driver();
  EXPECT_EQ(driver->get("a/file", 100), "of 2.8");
  driver->put("a/file", "ours", Survives::power_loss);
  EXPECT_THAT(names_in(root_ / "a"), ElementsAre("file"));
}

TEST_F(FilesystemDriverTest, TakesARootThatEndsInASlash) {
  const auto driver = make_driver(root_.string() + "/");
  driver->put("a/b/file", "x", Survives::power_loss);
  EXPECT_TRUE(driver->move("a/b/file", "c/file"));
  driver->make_directory("d/e");
  EXPECT_EQ(driver->get("c/file", 100), "x");
}

TEST_F(FilesystemDriverTest, RemovesWhatAnEarlierProcessSetAside) {
  write(root_ / ".registry/aside/0", "a file that never got its name");
  write(root_ / ".registry/aside/1/deep/file", "a tree that was being removed");
  write(root_ / ".registry/aside-of-a-process-before/2", "x");
  write(root_ / ".registry/quarantine/sha256-x", "evidence");
  const auto driver = make_driver();
  // At once, though nobody has cleaned up yet.
  driver->put("a/file", "x", Survives::power_loss);
  const auto writer = driver->append("u/data");
  remove_leftovers(*files_, root_);
  EXPECT_THAT(names_in(root_ / ".registry"), UnorderedElementsAre("aside", "quarantine"));
  EXPECT_THAT(names_in(root_ / ".registry/aside"), IsEmpty());
  EXPECT_EQ(driver->get("a/file", 100), "x");
  EXPECT_TRUE(fs::exists(root_ / ".registry/quarantine/sha256-x"));
  driver->put("a/file", "y", Survives::power_loss);
}

TEST_F(FilesystemDriverTest, HasNoLeftoversInAnEmptyStore) {
  EXPECT_NO_THROW(remove_leftovers(*files_, root_));
  EXPECT_THAT(names_in(root_), IsEmpty());
}

TEST_F(FilesystemDriverTest, LeavesTheModesToTheUmask) {
  const auto before = ::umask(0027);
  const auto driver = make_driver();
  driver->put("a/b/file", "x", Survives::power_loss);
  driver->append("u/data")->write(bytes_of("x"));
  ::umask(before);
  EXPECT_EQ(mode_of(root_ / "a/b/file"), 0640U);
  EXPECT_EQ(mode_of(root_ / "u/data"), 0640U);
  EXPECT_EQ(mode_of(root_ / "a"), 0750U);
  EXPECT_EQ(mode_of(root_ / "a/b"), 0750U);
}

TEST_F(FilesystemDriverTest, PutsAFileWhereAStrayDirectoryIsAndKeepsThat) {
  const auto driver = make_driver();
  for (const auto survives : {Survives::power_loss, Survives::process_crash}) {
    std::filesystem::remove_all(root_ / "a");
    std::filesystem::create_directories(root_ / "a/b/stray");
    driver->put("a/b", "x", survives);
    EXPECT_EQ(driver->get("a/b", 100), "x");
  }
  EXPECT_THAT(names_in(root_ / ".registry/quarantine"), testing::SizeIs(2));
  EXPECT_THAT(names_in(root_ / ".registry/aside"), IsEmpty());
}

TEST_F(FilesystemDriverTest, PutsAFileBelowAStrayFileAndKeepsThat) {
  const auto driver = make_driver();
  std::filesystem::create_directories(root_ / "a");
  std::ofstream(root_ / "a/stray") << "kept";
  driver->put("a/stray/b/c", "x", Survives::power_loss);
  EXPECT_EQ(driver->get("a/stray/b/c", 100), "x");
  const auto kept = names_in(root_ / ".registry/quarantine");
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(driver->get(".registry/quarantine/" + kept.front(), 100), "kept");
}

TEST_F(FilesystemDriverTest, AppendsWhereSomethingElseIsInTheWay) {
  const auto driver = make_driver();
  std::filesystem::create_directories(root_ / "a/data");
  EXPECT_EQ(driver->append("a/data")->size(), 0U);
  EXPECT_EQ(driver->get("a/data", 100), "");
}

TEST_F(FilesystemDriverTest, ListsALinkThatCannotBeFollowedAsADirectoryThatMayHideSomething) {
  const auto driver = make_driver();
  std::filesystem::create_directories(root_ / "a/b");
  std::filesystem::create_directory_symlink("round", root_ / "a/round");
  std::filesystem::create_directory_symlink("nowhere", root_ / "a/to-nowhere");
  const auto entries = driver->list("a", "", 10);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_TRUE(entries->at(1).is_directory);
  EXPECT_FALSE(entries->at(2).is_directory);
  EXPECT_THROW(driver->list("a/round", "", 10), std::system_error);
}

TEST_F(FilesystemDriverTest, ReplacesALinkThatLeadsToItself) {
  const auto driver = make_driver();
  std::filesystem::create_directories(root_ / "a");
  std::filesystem::create_symlink("link", root_ / "a/link");
  driver->put("a/link", "x", Survives::power_loss);
  EXPECT_EQ(driver->get("a/link", 100), "x");
}

TEST_F(FilesystemDriverTest, TakesNoPipeForAFile) {
  const auto driver = make_driver();
  std::filesystem::create_directories(root_ / "a");
  ASSERT_EQ(::mkfifo((root_ / "a/pipe").c_str(), 0600), 0);
  EXPECT_FALSE(driver->get("a/pipe", 100));
  EXPECT_EQ(driver->open("a/pipe"), nullptr);
  driver->put("a/pipe", "x", Survives::power_loss);
  EXPECT_EQ(driver->get("a/pipe", 100), "x");
}

TEST_F(FilesystemDriverTest, GivesTheKernelAFileToSend) {
  const auto driver = make_driver();
  driver->put("a/file", "x", Survives::power_loss);
  const auto reader = driver->open("a/file");
  ASSERT_TRUE(reader->descriptor());
  char c = 0;
  EXPECT_EQ(::pread(*reader->descriptor(), &c, 1, 0), 1);
  EXPECT_EQ(c, 'x');
}

TEST_F(FilesystemDriverTest, WritesMoreThanItLetsThePageCacheCollect) {
  const auto driver = make_driver();
  const std::string block(3 << 20, 'x');
  const auto writer = driver->append("u/data");
  for (int i = 0; i < 4; ++i) writer->write(bytes_of(block));
  writer->truncate((9 << 20) + 1);
  writer->write(bytes_of("end"));
  writer->commit("blob");
  const auto reader = driver->open("blob");
  EXPECT_EQ(reader->size(), (9U << 20) + 4);
  EXPECT_EQ(read_from(*reader, (9 << 20) - 1, 100), "xxend");
}

TEST_F(FilesystemDriverTest, CannotCommitAnUploadThatIsGone) {
  const auto driver = make_driver();
  const auto writer = driver->append("u/1/data");
  writer->write(bytes_of("x"));
  driver->remove_tree("u/1", Survives::process_crash);
  EXPECT_THROW(writer->commit("blob"), std::system_error);
  EXPECT_FALSE(driver->stat("blob"));
}

TEST_F(FilesystemDriverTest, FollowsALinkInListingsAndLeavesItsTargetAloneInRemovals) {
  const auto driver = make_driver();
  fs::create_directories(root_ / "moved/elsewhere");
  driver->put("moved/elsewhere/file", "x", Survives::power_loss);
  driver->put("tree/file", "x", Survives::power_loss);
  fs::create_directory_symlink(root_ / "moved/elsewhere", root_ / "tree/link");
  const auto entries = driver->list("tree", "file", 10);
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_TRUE(entries->front().is_directory);
  EXPECT_TRUE(driver->remove_tree("tree", Survives::power_loss));
  EXPECT_EQ(driver->get("moved/elsewhere/file", 10), "x");
  EXPECT_TRUE(fs::is_empty(root_ / ".registry/aside"));
}

TEST_F(FilesystemDriverTest, BeginsNoStoreAnewWhereOneWasMovedAway) {
  const auto root = root_ / "store";
  const auto driver = make_driver(root);
  fs::rename(root, root_ / "away");
  EXPECT_THROW(driver->make_directory("a/b"), std::system_error);
  EXPECT_THROW(driver->put("a/file", "x", Survives::power_loss), std::system_error);
  EXPECT_FALSE(fs::exists(root));
  fs::rename(root_ / "away", root);
  driver->put("a/file", "x", Survives::power_loss);
  EXPECT_THAT(names_in(root), UnorderedElementsAre(".registry", "a"));
}

TEST_F(FilesystemDriverTest, MakesDirectories) {
  const auto driver = make_driver();
  driver->make_directory("a/b/c");
  driver->make_directory("a/b/c");
  EXPECT_TRUE(fs::is_directory(root_ / "a/b/c"));
  EXPECT_TRUE(driver->list("a/b/c", "", 10)->empty());
}

}  // namespace
}  // namespace registry::storage
