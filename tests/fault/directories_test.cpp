#include "storage/directories.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "simulated_files.hpp"
#include "world.hpp"

namespace registry::fault {
namespace {

class DirectoriesTest : public testing::Test {
 protected:
  DirectoriesTest() { directories_.make(kRoot); }

  void make(std::size_t number) { directories_.make(path(number)); }
  static base::Path path(std::size_t number) { return kRoot / std::to_string(number); }
  // Two where it is not known that its own entry is durable.
  std::size_t calls_to_sync(std::size_t number) {
    const auto before = files_.calls();
    directories_.sync(path(number));
    return files_.calls() - before;
  }

  // With the root one less than too many.
  static constexpr std::size_t kMany = storage::Directories::kMostNotDurable - 2;

  SimulatedFiles files_;
  storage::Directories directories_{files_, kRoot};
};

TEST_F(DirectoriesTest, AreMadeDurableTogetherWhereTheyAreTooMany) {
  for (std::size_t i = 0; i < kMany; ++i) make(i);
  EXPECT_EQ(calls_to_sync(0), 2U);
  for (std::size_t i = kMany; i < kMany + 3; ++i) make(i);
  EXPECT_EQ(calls_to_sync(1), 1U);
  make(kMany + 3);
  EXPECT_EQ(calls_to_sync(kMany + 3), 2U);
  make(kMany + 4);
  files_.lose_power(Loss::everything, 1);
  for (std::size_t i = 0; i < kMany + 4; ++i) EXPECT_TRUE(files_.status(path(i))) << i;
  EXPECT_FALSE(files_.status(path(kMany + 4)));
}

TEST_F(DirectoriesTest, StayUnknownWhereTheyCannotBeMadeDurable) {
  for (std::size_t i = 0; i < kMany; ++i) make(i);
  files_.fail_call(2, EIO);
  make(kMany);
  EXPECT_EQ(calls_to_sync(kMany - 1), 2U);
  make(kMany + 1);
  make(kMany + 2);
  EXPECT_EQ(calls_to_sync(1), 1U) << "the next one tries again";
}

}  // namespace
}  // namespace registry::fault
