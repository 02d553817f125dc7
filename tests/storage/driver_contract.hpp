#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "registry/storage/driver.hpp"

namespace registry::storage {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string read_from(BlobReader& reader, std::uint64_t offset, std::size_t length) {
  std::string text(length, '\0');
  const auto n = reader.read(offset, std::as_writable_bytes(std::span(text)));
  return text.substr(0, n);
}

// What every driver does. `Store` makes one, empty, and has driver().
template <class Store>
class DriverContract : public testing::Test {
 protected:
  Driver& driver() { return store_.driver(); }

  void put(const std::string& path, std::string_view content,
           Survives survives = Survives::power_loss) {
    driver().put(path, content, survives);
  }
  std::optional<std::string> get(const std::string& path) { return driver().get(path, 1 << 20); }
  // Directories end in "/".
  std::vector<std::string> list(const std::string& path, std::string_view after = "",
                                std::size_t limit = 1000) {
    std::vector<std::string> names;
    const auto entries = driver().list(path, after, limit);
    if (!entries) return {"(absent)"};
    for (const auto& entry : *entries)
      names.push_back(entry.name + (entry.is_directory ? "/" : ""));
    return names;
  }
  void append(const std::string& path, std::string_view text) {
    const auto writer = driver().append(path);
    writer->write(bytes_of(text));
    writer->sync();
  }

 private:
  Store store_;
};

TYPED_TEST_SUITE_P(DriverContract);

TYPED_TEST_P(DriverContract, PutReplacesAndLeavesNothingBeside) {
  for (const auto survives : {Survives::process_crash, Survives::power_loss}) {
    this->put("a/b/link", "one", survives);
    EXPECT_EQ(this->get("a/b/link"), "one");
    this->put("a/b/link", "another", survives);
    EXPECT_EQ(this->get("a/b/link"), "another");
    EXPECT_THAT(this->list("a/b"), testing::ElementsAre("link"));
  }
}

TYPED_TEST_P(DriverContract, PutTakesAnyBytes) {
  const std::string content("\0\xff\r\n", 4);
  this->put("a/file", content);
  EXPECT_EQ(this->get("a/file"), content);
  this->put("a/file", "");
  EXPECT_EQ(this->get("a/file"), "");
}

TYPED_TEST_P(DriverContract, GetReadsUpToItsLimit) {
  this->put("a/file", "12345");
  EXPECT_EQ(this->driver().get("a/file", 5), "12345");
  EXPECT_THROW(this->driver().get("a/file", 4), std::system_error);
}

TYPED_TEST_P(DriverContract, AbsenceIsAnAnswer) {
  this->put("a/file", "x");
  // Absent, below an absent directory, and below a file.
  for (const char* path : {"a/none", "none/none", "a/file/none"}) {
    EXPECT_EQ(this->get(path), std::nullopt) << path;
    EXPECT_EQ(this->driver().stat(path), std::nullopt) << path;
    EXPECT_EQ(this->driver().open(path), nullptr) << path;
    EXPECT_EQ(this->driver().list(path, "", 10), std::nullopt) << path;
    EXPECT_FALSE(this->driver().remove(path, Survives::power_loss)) << path;
    EXPECT_FALSE(this->driver().remove_tree(path, Survives::power_loss)) << path;
    EXPECT_FALSE(this->driver().move(path, "b/file")) << path;
  }
  EXPECT_EQ(this->driver().list("a/file", "", 10), std::nullopt);
  EXPECT_EQ(this->get("b/file"), std::nullopt);
}

TYPED_TEST_P(DriverContract, ADirectoryIsNoFile) {
  this->put("a/b/file", "x");
  EXPECT_EQ(this->get("a/b"), std::nullopt);
  EXPECT_EQ(this->driver().open("a/b"), nullptr);
  const auto status = this->driver().stat("a/b");
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->is_directory);
}

TYPED_TEST_P(DriverContract, StatTellsFilesAndTheirSize) {
  this->put("a/file", "12345");
  const auto status = this->driver().stat("a/file");
  ASSERT_TRUE(status);
  EXPECT_FALSE(status->is_directory);
  EXPECT_EQ(status->size_bytes, 5U);
}

// The kernel's clock for files is a little behind.
TYPED_TEST_P(DriverContract, StatTellsWhenAFileWasWritten) {
  const auto before = std::chrono::system_clock::now();
  this->put("a", "1");
  const auto status = this->driver().stat("a");
  ASSERT_TRUE(status);
  EXPECT_GE(status->modified, before - std::chrono::seconds(1));
  EXPECT_LE(status->modified, std::chrono::system_clock::now() + std::chrono::seconds(1));
}

TYPED_TEST_P(DriverContract, ListIsInByteOrder) {
  for (const char* name : {"b", "B", "10", "9", "_x", "a.b", "a-b", "a/deep/er"}) {
    this->put("d/" + std::string(name), "x");
  }
  EXPECT_THAT(this->list("d"), testing::ElementsAre("10", "9", "B", "_x", "a/", "a-b", "a.b", "b"));
  EXPECT_THAT(this->list("d/a"), testing::ElementsAre("deep/"));
}

TYPED_TEST_P(DriverContract, ListBeginsBehindANameAndEndsAtTheLimit) {
  for (const char* name : {"a", "c", "e", "g"}) this->put("d/" + std::string(name), "x");
  EXPECT_THAT(this->list("d", "", 2), testing::ElementsAre("a", "c"));
  EXPECT_THAT(this->list("d", "c", 2), testing::ElementsAre("e", "g"));
  EXPECT_THAT(this->list("d", "d", 2), testing::ElementsAre("e", "g"));
  EXPECT_THAT(this->list("d", "g", 2), testing::IsEmpty());
  EXPECT_THAT(this->list("d", "", 0), testing::IsEmpty());
  EXPECT_THAT(this->list("d", "..", 1), testing::ElementsAre("a"));
}

TYPED_TEST_P(DriverContract, VisitFindsWhatIsListed) {
  for (const char* name : {"b", "_x", "a.b", "a/deep/er"}) this->put("d/" + std::string(name), "x");
  std::vector<std::string> names;
  EXPECT_TRUE(this->driver().visit("d", [&](const Entry& entry) {
    names.push_back(entry.name + (entry.is_directory ? "/" : ""));
    return true;
  }));
  EXPECT_THAT(names, testing::UnorderedElementsAreArray(this->list("d")));
  EXPECT_FALSE(this->driver().visit("none", [](const Entry&) { return true; }));
  EXPECT_FALSE(this->driver().visit("d/b", [](const Entry&) { return true; }));
}

TYPED_TEST_P(DriverContract, VisitEndsWhenItIsTold) {
  for (const char* name : {"a", "b", "c"}) this->put("d/" + std::string(name), "x");
  int calls = 0;
  EXPECT_TRUE(this->driver().visit("d", [&](const Entry&) { return ++calls < 2; }));
  EXPECT_EQ(calls, 2);
}

TYPED_TEST_P(DriverContract, ExistBelowTellsWhatIsThere) {
  for (const char* path : {"d/a/x", "d/b/y/z", "x"}) this->put(path, "1");
  EXPECT_THAT(this->driver().exist_below("d", {"a/x", "a/y", "b/y", "b/y/z", "c", "a/x/z"}),
              testing::ElementsAre(true, false, true, true, false, false));
  EXPECT_THAT(this->driver().exist_below("none", {"a/x"}), testing::ElementsAre(false));
  EXPECT_THAT(this->driver().exist_below("x", {"a"}), testing::ElementsAre(false));
  EXPECT_THAT(this->driver().exist_below("d", {}), testing::IsEmpty());
}

TYPED_TEST_P(DriverContract, AFileIsMadeInPlace) {
  this->driver().make("a/b/c", "one");
  EXPECT_EQ(this->driver().get("a/b/c", 3), "one");
  this->driver().make("a/b/empty", "");
  EXPECT_EQ(this->driver().stat("a/b/empty")->size_bytes, 0U);
  this->driver().make("a/b/c", "another");
  EXPECT_EQ(this->driver().get("a/b/c", 10), "another");
}

TYPED_TEST_P(DriverContract, ADirectoryIsRemovedWhenNothingIsInIt) {
  this->put("a/b/file", "1");
  EXPECT_FALSE(this->driver().remove_directory("a"));
  EXPECT_FALSE(this->driver().remove_directory("a/b"));
  this->driver().remove("a/b/file", Survives::process_crash);
  EXPECT_TRUE(this->driver().remove_directory("a/b"));
  EXPECT_TRUE(this->driver().remove_directory("a/b"));
  EXPECT_FALSE(this->driver().stat("a/b"));
  EXPECT_TRUE(this->driver().remove_directory("a"));
  EXPECT_FALSE(this->driver().stat("a"));
  this->put("a/b/file", "again");
  EXPECT_EQ(this->driver().get("a/b/file", 5), "again");
}

TYPED_TEST_P(DriverContract, RemoveTakesAFileAway) {
  this->put("a/one", "1");
  this->put("a/two", "2");
  EXPECT_TRUE(this->driver().remove("a/one", Survives::power_loss));
  EXPECT_FALSE(this->driver().remove("a/one", Survives::power_loss));
  EXPECT_THAT(this->list("a"), testing::ElementsAre("two"));
}

TYPED_TEST_P(DriverContract, RemoveTreeTakesAllBelowAndNothingElse) {
  for (const char* path : {"a/b/1", "a/b/c/2", "a/b/c/d/3", "a/bb", "a/b.c"}) this->put(path, "x");
  EXPECT_TRUE(this->driver().remove_tree("a/b", Survives::power_loss));
  EXPECT_FALSE(this->driver().remove_tree("a/b", Survives::power_loss));
  EXPECT_THAT(this->list("a"), testing::ElementsAre("b.c", "bb"));
  this->put("a/b/c/2", "again");
  EXPECT_THAT(this->list("a/b"), testing::ElementsAre("c/"));
}

TYPED_TEST_P(DriverContract, AnIdTellsAFileFromWhatReplacesIt) {
  this->put("a/file", "x");
  const auto reader = this->driver().open("a/file");
  ASSERT_TRUE(reader);
  EXPECT_EQ(this->driver().stat("a/file")->id, reader->id());
  EXPECT_EQ(this->driver().open("a/file")->id(), reader->id());
  this->put("a/file", "x");
  EXPECT_NE(this->driver().stat("a/file")->id, reader->id());
  this->driver().move("a/file", "b/file");
  this->put("a/file", "x");
  EXPECT_NE(this->driver().stat("a/file")->id, reader->id());
  EXPECT_EQ(this->driver().stat("b/file")->id, this->driver().open("b/file")->id());
}

TYPED_TEST_P(DriverContract, MoveReplaces) {
  this->put("a/from", "new");
  this->put("b/to", "old");
  EXPECT_TRUE(this->driver().move("a/from", "b/to"));
  EXPECT_EQ(this->get("b/to"), "new");
  EXPECT_EQ(this->get("a/from"), std::nullopt);
  EXPECT_TRUE(this->driver().move("b/to", "c/d/e"));
  EXPECT_EQ(this->get("c/d/e"), "new");
}

TYPED_TEST_P(DriverContract, AppendMakesAFileAndGoesOnAtItsEnd) {
  {
    const auto writer = this->driver().append("u/data");
    EXPECT_EQ(writer->size(), 0U);
    EXPECT_EQ(this->driver().stat("u/data")->size_bytes, 0U);
    writer->write(bytes_of("hello "));
    writer->write(bytes_of(""));
    EXPECT_EQ(writer->size(), 6U);
    writer->sync();
    EXPECT_EQ(this->get("u/data"), "hello ");
  }
  const auto writer = this->driver().append("u/data");
  EXPECT_EQ(writer->size(), 6U);
  writer->write(bytes_of("world"));
  writer->sync();
  EXPECT_EQ(this->get("u/data"), "hello world");
}

TYPED_TEST_P(DriverContract, AppendKeepsWhatWasNotSyncedWhileTheProcessLives) {
  this->driver().append("u/data")->write(bytes_of("abc"));
  EXPECT_EQ(this->driver().append("u/data")->size(), 3U);
}

TYPED_TEST_P(DriverContract, TruncateCutsTheEnd) {
  const auto writer = this->driver().append("u/data");
  writer->write(bytes_of("hello world"));
  writer->truncate(5);
  EXPECT_EQ(writer->size(), 5U);
  writer->write(bytes_of("!"));
  writer->sync();
  EXPECT_EQ(this->get("u/data"), "hello!");
}

TYPED_TEST_P(DriverContract, AllocateChangesNothingThatCanBeRead) {
  const auto writer = this->driver().append("u/data");
  writer->write(bytes_of("con"));
  writer->allocate(1 << 20);
  EXPECT_EQ(writer->size(), 3U);
  writer->write(bytes_of("tent"));
  writer->give_back();
  EXPECT_EQ(writer->size(), 7U);
  writer->allocate(1 << 20);
  writer->commit("blobs/x/data");
  EXPECT_EQ(this->get("blobs/x/data"), "content");
}

TYPED_TEST_P(DriverContract, CommitMovesTheData) {
  const auto writer = this->driver().append("u/data");
  writer->write(bytes_of("content"));
  writer->commit("blobs/x/data");
  EXPECT_EQ(this->get("blobs/x/data"), "content");
  EXPECT_EQ(this->get("u/data"), std::nullopt);
}

TYPED_TEST_P(DriverContract, CommitReplaces) {
  this->put("blobs/x/data", "damaged");
  this->append("u/data", "con");
  {
    const auto writer = this->driver().append("u/data");
    writer->write(bytes_of("tent"));
    writer->commit("blobs/x/data");
  }
  EXPECT_EQ(this->get("blobs/x/data"), "content");
  EXPECT_THAT(this->list("blobs/x"), testing::ElementsAre("data"));
}

TYPED_TEST_P(DriverContract, AWriterWhoseFileIsRemovedBringsNothingBack) {
  {
    const auto writer = this->driver().append("u/1/data");
    writer->write(bytes_of("abc"));
    this->driver().remove_tree("u/1", Survives::process_crash);
  }
  EXPECT_EQ(this->driver().stat("u/1"), std::nullopt);
}

TYPED_TEST_P(DriverContract, AReaderReadsAnyPart) {
  this->put("a/file", "0123456789");
  const auto reader = this->driver().open("a/file");
  EXPECT_EQ(reader->size(), 10U);
  EXPECT_EQ(read_from(*reader, 0, 10), "0123456789");
  EXPECT_EQ(read_from(*reader, 3, 4), "3456");
  EXPECT_EQ(read_from(*reader, 8, 10), "89");
  EXPECT_EQ(read_from(*reader, 10, 1), "");
  EXPECT_EQ(read_from(*reader, 100, 1), "");
  EXPECT_EQ(read_from(*reader, 5, 0), "");
}

TYPED_TEST_P(DriverContract, AReaderKeepsWhatItBeganWith) {
  for (const char* path : {"d/replaced", "d/removed", "t/moved-over", "d/tree/file"}) {
    this->put(path, "before");
  }
  const auto replaced = this->driver().open("d/replaced");
  const auto removed = this->driver().open("d/removed");
  const auto moved_over = this->driver().open("t/moved-over");
  const auto in_tree = this->driver().open("d/tree/file");
  this->put("d/replaced", "after, and longer");
  this->driver().remove("d/removed", Survives::power_loss);
  this->driver().remove_tree("d/tree", Survives::power_loss);
  this->driver().move("d/replaced", "t/moved-over");
  for (BlobReader* reader : {replaced.get(), removed.get(), moved_over.get(), in_tree.get()}) {
    EXPECT_EQ(reader->size(), 6U);
    EXPECT_EQ(read_from(*reader, 0, 100), "before");
  }
}

TYPED_TEST_P(DriverContract, ManyThreadsPutTheSamePath) {
  const auto content_of = [](int thread) {
    return std::string(5'000, static_cast<char>('a' + thread));
  };
  this->put("d/file", content_of(0));
  {
    std::vector<std::jthread> threads;
    threads.reserve(6);
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          this->put("d/file", content_of(t),
                    i % 4 == 0 ? Survives::power_loss : Survives::process_crash);
          const auto seen = this->get("d/file");
          ASSERT_TRUE(seen);
          ASSERT_EQ(*seen, content_of(seen->front() - 'a'));  // whole, whosever it is
        }
      });
    }
  }
  EXPECT_THAT(this->list("d"), testing::ElementsAre("file"));
}

TYPED_TEST_P(DriverContract, ManyThreadsMakeAndRemoveTheSameDirectory) {
  std::vector<std::jthread> threads;
  threads.reserve(6);
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      const auto path = "d/e/f/" + std::to_string(t);
      for (int i = 0; i < 20; ++i) {
        this->put(path + "/file", "x", i % 4 == 0 ? Survives::power_loss : Survives::process_crash);
        ASSERT_TRUE(this->driver().remove_tree(path, Survives::process_crash));
      }
    });
  }
}

REGISTER_TYPED_TEST_SUITE_P(
    DriverContract, PutReplacesAndLeavesNothingBeside, PutTakesAnyBytes, GetReadsUpToItsLimit,
    AbsenceIsAnAnswer, ADirectoryIsNoFile, StatTellsFilesAndTheirSize, StatTellsWhenAFileWasWritten,
    ListIsInByteOrder, ListBeginsBehindANameAndEndsAtTheLimit, VisitFindsWhatIsListed,
    VisitEndsWhenItIsTold, ExistBelowTellsWhatIsThere, AFileIsMadeInPlace,
    ADirectoryIsRemovedWhenNothingIsInIt, RemoveTakesAFileAway,
    RemoveTreeTakesAllBelowAndNothingElse, AnIdTellsAFileFromWhatReplacesIt, MoveReplaces,
    AppendMakesAFileAndGoesOnAtItsEnd, AppendKeepsWhatWasNotSyncedWhileTheProcessLives,
    TruncateCutsTheEnd, AllocateChangesNothingThatCanBeRead, CommitMovesTheData, CommitReplaces,
    AWriterWhoseFileIsRemovedBringsNothingBack, AReaderReadsAnyPart, AReaderKeepsWhatItBeganWith,
    ManyThreadsPutTheSamePath, ManyThreadsMakeAndRemoveTheSameDirectory);

}  // namespace registry::storage
