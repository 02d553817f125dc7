#include "registry/base/uuid.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace registry::base {
namespace {

TEST(Uuid, IsOfVersion4) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(make_uuid(), testing::ContainsRegex("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-"
                                                    "[89ab][0-9a-f]{3}-[0-9a-f]{12}$"));
  }
}

TEST(Uuid, IsNeverMadeTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(make_uuid());
  EXPECT_EQ(seen.size(), 10'000U);
}

}  // namespace
}  // namespace registry::base
