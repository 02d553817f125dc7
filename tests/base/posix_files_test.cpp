#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <span>
#include <system_error>

#include "registry/base/files.hpp"
#include "support/temporary_directory.hpp"

namespace registry::base {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class PosixFilesTest : public testing::Test {
 protected:
  void write(const Path& path, std::string_view content) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  static std::string read(File& file, std::uint64_t offset, std::size_t length) {
    std::string text(length, '\0');
    const auto n = file.read_at(offset, std::as_writable_bytes(std::span(text)));
    return text.substr(0, n);
  }
  // What `action` says where it fails.
  template <class Action>
  static std::string failure_of(Action action) {
    try {
      action();
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "";
  }

  const support::TemporaryDirectory directory_;
  const Path root_ = directory_.path();
  const std::unique_ptr<Files> files_ = make_posix_files();
};

TEST_F(PosixFilesTest, ReadAndWriteAnywhere) {
  const auto file = files_->create(root_ / "file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->size(), 0U);
  file->write_at(0, bytes_of("hello world"));
  file->write_at(6, bytes_of("there"));
  file->write_at(11, bytes_of("!"));
  EXPECT_EQ(file->size(), 12U);
  EXPECT_EQ(read(*file, 0, 100), "hello there!");
  EXPECT_EQ(read(*file, 6, 5), "there");
  EXPECT_EQ(read(*file, 12, 5), "");
  file->truncate(5);
  file->start_writeback(0, 5);
  file->sync();
  EXPECT_EQ(read(*file, 0, 100), "hello");
  EXPECT_GE(file->descriptor().value_or(-1), 0);
}

TEST_F(PosixFilesTest, AllocateWithoutAnEffectOnTheSize) {
  const auto file = files_->create(root_ / "file");
  file->write_at(0, bytes_of("hello"));
  const auto blocks = [&] {
    struct stat status{};
    EXPECT_EQ(::fstat(*file->descriptor(), &status), 0);
    return status.st_blocks;
  };
  const auto before = blocks();
  if (!file->allocate(5, 1 << 20)) GTEST_SKIP() << "this filesystem cannot";
  EXPECT_GT(blocks(), before);
  EXPECT_EQ(file->size(), 5U);
  EXPECT_EQ(read(*file, 0, 100), "hello");
  file->truncate(5);
  EXPECT_LT(blocks(), 1 << 10);
  EXPECT_EQ(read(*file, 0, 100), "hello");
}

TEST_F(PosixFilesTest, OpenWhatIsThere) {
  write(root_ / "file", "abc");
  EXPECT_EQ(read(*files_->open(root_ / "file"), 0, 10), "abc");
  const auto writable = files_->open_for_write(root_ / "file");
  writable->write_at(3, bytes_of("def"));
  EXPECT_EQ(read(*writable, 0, 10), "abcdef");
}

TEST_F(PosixFilesTest, AnswerAbsence) {
  write(root_ / "file", "abc");
  for (const auto& path : {root_ / "none", root_ / "none/none", root_ / "file/none"}) {
    EXPECT_EQ(files_->open(path), nullptr) << path;
    EXPECT_EQ(files_->open_for_write(path), nullptr) << path;
    EXPECT_EQ(files_->status(path), std::nullopt) << path;
    EXPECT_FALSE(files_->rename(path, root_ / "to")) << path;
    EXPECT_FALSE(files_->remove_file(path)) << path;
    EXPECT_FALSE(files_->remove_directory(path)) << path;
    EXPECT_FALSE(files_->list(path, [](std::string_view, FileKind) { return true; })) << path;
  }
  EXPECT_EQ(files_->create(root_ / "none/file"), nullptr);
  EXPECT_EQ(files_->create(root_ / "file/file"), nullptr);
  EXPECT_FALSE(files_->rename(root_ / "file", root_ / "none/file"));
  EXPECT_FALSE(files_->rename(root_ / "file", root_ / "file/file"));
  EXPECT_FALSE(files_->list(root_ / "file", [](std::string_view, FileKind) { return true; }));
}

TEST_F(PosixFilesTest, TakeADirectoryForNoFile) {
  std::filesystem::create_directory(root_ / "directory");
  EXPECT_EQ(files_->open(root_ / "directory"), nullptr);
  EXPECT_EQ(files_->open_for_write(root_ / "directory"), nullptr);
  EXPECT_EQ(files_->status(root_ / "directory")->kind, FileKind::directory);
}

TEST_F(PosixFilesTest, TellKindAndSize) {
  write(root_ / "file", "12345");
  std::filesystem::create_symlink(root_ / "file", root_ / "link");
  for (const char* name : {"file", "link"}) {
    const auto status = files_->status(root_ / name);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->kind, FileKind::file);
    EXPECT_EQ(status->size_bytes, 5U);
  }
  EXPECT_EQ(files_->status("/dev/null")->kind, FileKind::other);
}

TEST_F(PosixFilesTest, SayWhichPathFailed) {
  write(root_ / "file", "x");
  write(root_ / "full/file", "x");
  const auto full = (root_ / "full").string(), file = (root_ / "file").string();
  EXPECT_THAT(failure_of([&] { files_->create(file); }), HasSubstr(file));
  EXPECT_THAT(failure_of([&] { files_->remove_file(full); }), HasSubstr(full));
  EXPECT_THAT(failure_of([&] { files_->rename(file, full); }), HasSubstr(full));
  EXPECT_THAT(failure_of([&] { files_->make_directory(root_ / "file/none"); }),
              HasSubstr((root_ / "file/none").string()));
  EXPECT_THAT(failure_of([&] { files_->sync_directory(root_ / "none"); }),
              HasSubstr((root_ / "none").string()));
  EXPECT_THAT(failure_of([&] { files_->sync_filesystem(root_ / "none"); }),
              HasSubstr((root_ / "none").string()));
  const auto too_long = root_ / std::string(300, 'a');
  EXPECT_THAT(failure_of([&] { files_->status(too_long); }), HasSubstr(too_long.string()));
  EXPECT_THAT(failure_of([&] { files_->open(too_long); }), HasSubstr(too_long.string()));
}

TEST_F(PosixFilesTest, SayWhichFileCouldNotBeWritten) {
  write(root_ / "file", "x");
  const auto file = files_->open(root_ / "file");
  EXPECT_THAT(failure_of([&] { file->write_at(0, bytes_of("y")); }),
              HasSubstr((root_ / "file").string()));
  EXPECT_THAT(failure_of([&] { file->truncate(0); }), HasSubstr((root_ / "file").string()));
}

TEST_F(PosixFilesTest, SayWhichPathOfAFolderFailed) {
  write(root_ / "d/full/file", "x");
  const auto folder = files_->folder(root_ / "d");
  const auto full = (root_ / "d/full").string();
  EXPECT_THAT(failure_of([&] { folder->remove_file("full"); }), HasSubstr(full));
  EXPECT_THAT(failure_of([&] { folder->read("full/file", 0); }), HasSubstr(full + "/file"));
  const std::string too_long(1000, 'x');
  EXPECT_THAT(failure_of([&] { folder->status(too_long); }), HasSubstr(too_long));
  EXPECT_THAT(failure_of([&] { folder->read(too_long, 1); }), HasSubstr(too_long));
}

TEST_F(PosixFilesTest, AFolderReadsNoPipe) {
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(files_->folder(root_)->read("pipe", 100), std::nullopt);
}

TEST_F(PosixFilesTest, RenameReplacesInOneStep) {
  write(root_ / "from", "new");
  write(root_ / "to", "old");
  const auto before = files_->open(root_ / "to");
  EXPECT_TRUE(files_->rename(root_ / "from", root_ / "to"));
  EXPECT_EQ(read(*files_->open(root_ / "to"), 0, 10), "new");
  EXPECT_EQ(read(*before, 0, 10), "old");
}

TEST_F(PosixFilesTest, RemoveOnlyEmptyDirectories) {
  write(root_ / "full/file", "x");
  EXPECT_FALSE(files_->remove_directory(root_ / "full"));
  EXPECT_TRUE(files_->remove_file(root_ / "full/file"));
  EXPECT_TRUE(files_->remove_directory(root_ / "full"));
}

TEST_F(PosixFilesTest, MakeADirectoryOnce) {
  EXPECT_EQ(files_->make_directory(root_ / "a/b"), MadeDirectory::no_parent);
  EXPECT_EQ(files_->make_directory(root_ / "a"), MadeDirectory::made);
  EXPECT_EQ(files_->make_directory(root_ / "a"), MadeDirectory::was_there);
  files_->sync_directory(root_ / "a");
  files_->sync_filesystem(root_);
}

TEST_F(PosixFilesTest, ListAllButTheDots) {
  write(root_ / "file", "x");
  write(root_ / "directory/file", "x");
  std::filesystem::create_symlink("nowhere", root_ / "dangling");
  std::filesystem::create_symlink("directory", root_ / "linked");
  std::vector<std::pair<std::string, FileKind>> seen;
  EXPECT_TRUE(files_->list(root_, [&](std::string_view name, FileKind kind) {
    seen.emplace_back(name, kind);
    return true;
  }));
  EXPECT_THAT(seen, UnorderedElementsAre(std::pair("file", FileKind::file),
                                         std::pair("dangling", FileKind::link),
                                         std::pair("directory", FileKind::directory),
                                         std::pair("linked", FileKind::link)));
}

TEST_F(PosixFilesTest, TellTheSpaceOfTheFilesystem) {
  const auto space = files_->space(root_);
  ASSERT_TRUE(space);
  EXPECT_GT(space->total_bytes, 0U);
  EXPECT_LE(space->free_bytes, space->total_bytes);
  EXPECT_FALSE(files_->space(root_ / "absent"));
}

TEST_F(PosixFilesTest, ListUntilTheVisitorHasEnough) {
  for (const char* name : {"a", "b", "c"}) write(root_ / name, "x");
  int seen = 0;
  EXPECT_TRUE(files_->list(root_, [&](std::string_view, FileKind) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace registry::base
