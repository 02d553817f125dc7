#include "api/conditions.hpp"

#include <gtest/gtest.h>

#include "api/answers.hpp"
#include "registry/oci/error.hpp"
#include "requests.hpp"

namespace registry::api {
namespace {

const auto kDigest = *oci::Digest::parse("sha256:" + std::string(64, 'a'));
const auto kOther = *oci::Digest::parse("sha256:" + std::string(64, 'b'));

Condition of(http::HeaderLines headers, const std::optional<oci::Digest>& current = kDigest) {
  return condition_of(request_with(std::move(headers)), current);
}

TEST(Condition, HoldsWhereThereIsNone) {
  EXPECT_EQ(of({}), Condition::holds);
  EXPECT_EQ(of({}, std::nullopt), Condition::holds);
  EXPECT_FALSE(has_condition(request_with({})));
}

TEST(Condition, IfNoneMatchKnowsTheDigestQuotedWeakOrBare) {
  for (const std::string& value : {etag(kDigest), "W/" + etag(kDigest), kDigest.str(),
                                   std::string("*"), "\"other\", " + etag(kDigest)}) {
    EXPECT_EQ(of({{"If-None-Match", value}}), Condition::not_modified) << value;
    EXPECT_EQ(of({{"If-None-Match", value}}, kOther) == Condition::holds, value != "*") << value;
  }
}

TEST(Condition, IfNoneMatchLooksAtEveryLine) {
  EXPECT_EQ(of({{"if-none-match", "\"x\""}, {"If-None-Match", etag(kDigest)}}),
            Condition::not_modified);
}

TEST(Condition, IfNoneMatchDoesNotTakeAnotherDigest) {
  for (const std::string& value : {std::string("\"\""), kDigest.str() + "a",
                                   kDigest.str().substr(1), "\"sha256:" + std::string(64, 'b')}) {
    EXPECT_EQ(of({{"If-None-Match", value}}), Condition::holds) << value;
  }
}

TEST(Condition, IfNoneMatchStarHoldsWhereThereIsNothing) {
  EXPECT_EQ(of({{"If-None-Match", "*"}}, std::nullopt), Condition::holds);
}

TEST(Condition, IfMatchFailsUnlessItIsThat) {
  EXPECT_EQ(of({{"If-Match", etag(kDigest)}}), Condition::holds);
  EXPECT_EQ(of({{"If-Match", etag(kOther) + ", " + etag(kDigest)}}), Condition::holds);
  EXPECT_EQ(of({{"If-Match", "*"}}), Condition::holds);
  EXPECT_EQ(of({{"If-Match", etag(kOther)}}), Condition::failed);
  EXPECT_EQ(of({{"If-Match", "W/" + etag(kDigest)}}), Condition::failed);
  EXPECT_EQ(of({{"If-Match", etag(kDigest)}}, std::nullopt), Condition::failed);
  EXPECT_EQ(of({{"If-Match", "*"}}, std::nullopt), Condition::failed);
}

TEST(Condition, IfMatchComesFirst) {
  EXPECT_EQ(of({{"If-Match", etag(kOther)}, {"If-None-Match", etag(kDigest)}}), Condition::failed);
}

TEST(Condition, IsRequiredOfWhatChangesSomething) {
  const auto require = [](http::HeaderLines headers) {
    require_condition(request_with(std::move(headers)), kDigest);
  };
  EXPECT_NO_THROW(require({{"If-Match", etag(kDigest)}}));
  for (const auto* header : {"If-Match", "If-None-Match"}) {
    try {
      require({{header, header == std::string("If-Match") ? etag(kOther) : "*"}});
      ADD_FAILURE() << header;
    } catch (const oci::Error& error) {
      EXPECT_EQ(error.status(), 412U);
    }
  }
}

}  // namespace
}  // namespace registry::api
