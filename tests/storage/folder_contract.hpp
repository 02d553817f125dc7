#pragma once

#include "driver_contract.hpp"

namespace registry::storage {

// What the folders of every driver do.
template <class Store>
class FolderContract : public DriverContract<Store> {};

TYPED_TEST_SUITE_P(FolderContract);

TYPED_TEST_P(FolderContract, AnswersAsTheDriverDoes) {
  this->put("d/a/x", "12345");
  this->put("d/empty", "");
  this->put("d/large", std::string(20'000, 'x'));
  const auto folder = this->driver().folder("d");
  EXPECT_EQ(folder->get("a/x", 5), "12345");
  EXPECT_THROW(folder->get("a/x", 4), std::system_error);
  EXPECT_EQ(folder->get("empty", 5), "");
  EXPECT_EQ(folder->get("large", 20'000), std::string(20'000, 'x'));
  EXPECT_THROW(folder->get("large", 19'999), std::system_error);
  EXPECT_EQ(folder->get("a/y", 5), std::nullopt);
  EXPECT_EQ(folder->get("a/x/y", 5), std::nullopt);
  EXPECT_EQ(folder->get("a", 5), std::nullopt);
  EXPECT_EQ(folder->stat("a/x")->size_bytes, 5U);
  EXPECT_TRUE(folder->stat("a")->is_directory);
  EXPECT_FALSE(folder->stat("b"));
}

TYPED_TEST_P(FolderContract, ThatIsAbsentHasNothingIn) {
  this->put("x", "1");
  for (const char* path : {"none", "x"}) {
    const auto folder = this->driver().folder(path);
    EXPECT_EQ(folder->get("a", 5), std::nullopt);
    EXPECT_FALSE(folder->stat("a"));
    folder->remove_tree("a", {{"link"}});
  }
}

TYPED_TEST_P(FolderContract, RemovesAFileWithTheDirectoryThatIsItsOwn) {
  for (const char* path : {"d/a/link", "d/b/link", "d/c/link", "d/c/more", "d/c/more of it/x",
                           "d/d/link/x", "d/e/other", "d/f"}) {
    this->put(path, "1");
  }
  const auto folder = this->driver().folder("d");
  for (const char* path : {"a/link", "c/link", "d/link", "e/link", "none/link", "a/link"}) {
    const std::string text = path;
    folder->remove_tree(text.substr(0, text.find('/')), {{text.substr(text.find('/') + 1)}});
  }
  EXPECT_THAT(this->list("d"), testing::ElementsAre("b/", "f"));
  this->put("d/a/link", "again");
  EXPECT_EQ(folder->get("a/link", 5), "again");
}

TYPED_TEST_P(FolderContract, RemovesWhatIsKnownAndWhatIsNot) {
  const auto folder = this->driver().folder("d");
  const std::vector<Known> known = {{"one"}, {"x/y/two"}, {"x/y", true}, {"x", true}};
  for (const char* more : {"", "more", "x/more", "x/y/more/more"}) {
    this->put("d/a/one", "1");
    this->put("d/a/x/y/two", "2");
    this->put("d/b", "stays");
    if (*more != 0) this->put(std::string("d/a/") + more, "3");
    folder->remove_tree("a", known);
    EXPECT_THAT(this->list("d"), testing::ElementsAre("b")) << more;
  }
}

REGISTER_TYPED_TEST_SUITE_P(FolderContract, AnswersAsTheDriverDoes, ThatIsAbsentHasNothingIn,
                            RemovesAFileWithTheDirectoryThatIsItsOwn,
                            RemovesWhatIsKnownAndWhatIsNot);

}  // namespace registry::storage
