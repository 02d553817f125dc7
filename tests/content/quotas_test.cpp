#include "registry/content/quotas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "registry/oci/error.hpp"

namespace registry::content {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kMiB = 1024 * 1024;

class QuotasTest : public testing::Test {
 protected:
  static oci::RepositoryName name(std::string_view text) {
    return *oci::RepositoryName::parse(text);
  }
  // Empty: it is not refused.
  std::string refusal(std::string_view repository, std::uint64_t bytes) {
    try {
      quotas_.check(name(repository), bytes);
      return {};
    } catch (const oci::Error& error) {
      EXPECT_EQ(error.code(), oci::ErrorCode::denied);
      return error.detail().get<std::string>();
    }
  }
  Quotas quotas_{{{"team/*", 10 * kMiB}, {"team/**", kMiB}}};
};

TEST_F(QuotasTest, TheFirstPatternThatMatchesDecides) {
  EXPECT_EQ(quotas_.of(name("team/app")), 0U);
  EXPECT_EQ(quotas_.of(name("team/app/web")), 1U);
  EXPECT_EQ(quotas_.of(name("other")), std::nullopt);
}

TEST_F(QuotasTest, NothingIsRefusedUntilItIsCounted) {
  EXPECT_THAT(refusal("team/app", 11 * kMiB), IsEmpty());
}

TEST_F(QuotasTest, WhatIsMoreIsRefusedWithTheFigures) {
  quotas_.counted(0, 8 * kMiB);
  EXPECT_THAT(refusal("team/app", 2 * kMiB), IsEmpty());
  EXPECT_THAT(refusal("team/app", 3 * kMiB),
              HasSubstr("the quota of team/* is used up: 3.0 MiB are needed, and of 10.0 MiB 8.0 "
                        "MiB are used"));
  EXPECT_THAT(refusal("team/other", std::numeric_limits<std::uint64_t>::max()),
              HasSubstr("team/*"));
  EXPECT_THAT(refusal("other", 100 * kMiB), IsEmpty());
}

TEST_F(QuotasTest, WhatCameSinceTheCountCounts) {
  quotas_.counted(0, 8 * kMiB);
  quotas_.grew(name("team/app"), 3 * kMiB);
  quotas_.grew(name("other"), 3 * kMiB);
  EXPECT_THAT(refusal("team/app", 0), HasSubstr("11.0 MiB are used"));
  quotas_.counted(0, 9 * kMiB);
  EXPECT_THAT(refusal("team/app", kMiB), IsEmpty());
}

}  // namespace
}  // namespace registry::content
