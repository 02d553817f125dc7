#include "registry/storage/reserve_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/temporary_directory.hpp"

namespace registry::storage {
namespace {

constexpr std::uint64_t kBytes = 1 << 20;

class ReserveFileTest : public testing::Test {
 protected:
  ReserveFileTest() { std::filesystem::create_directory(directory_.path() / ".registry"); }
  std::uint64_t blocks() const {
    struct stat status{};
    const auto path = directory_.path() / ".registry/reserve";
    return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_blocks) * 512
                                              : 0;
  }
  const support::TemporaryDirectory directory_;
};

TEST_F(ReserveFileTest, HasBlocksAndGivesThemBack) {
  ReserveFile reserve(directory_.path());
  EXPECT_EQ(reserve.held(), 0U);
  EXPECT_FALSE(reserve.give_back());
  ASSERT_TRUE(reserve.make(kBytes));
  EXPECT_EQ(reserve.held(), kBytes);
  EXPECT_GE(blocks(), kBytes);
  EXPECT_TRUE(reserve.give_back());
  EXPECT_EQ(reserve.held(), 0U);
  EXPECT_LT(blocks(), kBytes);
  EXPECT_TRUE(reserve.give_back());  // for whoever met the full volume at the same moment
  EXPECT_TRUE(reserve.make(kBytes));
}

TEST_F(ReserveFileTest, HasNothingToGiveWhereNoneWasMade) {
  EXPECT_FALSE(ReserveFile(directory_.path()).give_back());
}

TEST_F(ReserveFileTest, FindsWhatAnEarlierProcessHasLeft) {
  const bool was_made = ReserveFile(directory_.path()).make(kBytes);
  ReserveFile reserve(directory_.path());
  EXPECT_GE(reserve.held(), was_made ? kBytes : 0U);
  EXPECT_TRUE(reserve.make(0));
  EXPECT_EQ(reserve.held(), 0U);
}

TEST_F(ReserveFileTest, WithoutRoomThereIsNone) {
  ReserveFile reserve(directory_.path());
  EXPECT_FALSE(reserve.make(std::uint64_t{1} << 60U));
  EXPECT_EQ(reserve.held(), 0U);
  std::filesystem::remove_all(directory_.path() / ".registry");
  EXPECT_FALSE(reserve.make(kBytes));
}

}  // namespace
}  // namespace registry::storage
