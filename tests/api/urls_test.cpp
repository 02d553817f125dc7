#include "api/urls.hpp"

#include <gtest/gtest.h>

#include "registry/api/api.hpp"
#include "requests.hpp"

namespace registry::api {
namespace {

const auto kName = *oci::RepositoryName::parse("a/b");

std::string upload_url(const Options& options, http::HeaderLines headers) {
  return Urls(options).upload(request_with(std::move(headers)), kName, "id");
}

std::string base_of(http::HeaderLines headers, bool is_tls = false) {
  auto request = request_with(std::move(headers));
  request.is_tls = is_tls;
  const auto origin = origin_of(request);
  return origin.scheme + "://" + origin.host;
}

TEST(Urls, AreAbsoluteByTheHostOfTheClient) {
  EXPECT_EQ(upload_url({}, {{"host", "registry.example:5000"}}),
            "http://registry.example:5000/v2/a/b/blobs/uploads/id");
}

TEST(Urls, HaveTheSchemeOfTheConnection) {
  EXPECT_EQ(base_of({{"Host", "h"}}, true), "https://h");
}

TEST(Urls, AreRelativeWhereTheClientNamedNoHost) {
  EXPECT_EQ(upload_url({}, {}), "/v2/a/b/blobs/uploads/id");
}

TEST(Urls, BeginWithTheConfiguredHostWhateverElseIsSaid) {
  Options options;
  options.host = "https://hub.example/base/";
  options.relativeurls = true;
  EXPECT_EQ(upload_url(options, {{"Host", "h"}, {"X-Forwarded-Host", "x"}}),
            "https://hub.example/base/v2/a/b/blobs/uploads/id");
}

TEST(Urls, KeepThePrefixAlsoWhereTheyAreRelative) {
  Options options;
  options.prefix = "/registry/";
  EXPECT_EQ(upload_url(options, {{"Host", "h"}}), "http://h/registry/v2/a/b/blobs/uploads/id");
  options.relativeurls = true;
  EXPECT_EQ(upload_url(options, {{"Host", "h"}}), "/registry/v2/a/b/blobs/uploads/id");
}

TEST(Origin, IsWhatAProxyForwarded) {
  EXPECT_EQ(base_of({{"Host", "h"}, {"X-Forwarded-Proto", "https"}}), "https://h");
  EXPECT_EQ(base_of({{"Host", "h"}, {"X-Forwarded-Host", " first:81 , second"}}),
            "http://first:81");
}

TEST(Origin, IsOfTheFirstElementOfForwarded) {
  EXPECT_EQ(base_of({{"Host", "h"}, {"Forwarded", "for=1.2.3.4;Proto=https;host=a.b"}}),
            "https://a.b");
  EXPECT_EQ(base_of({{"Host", "h"}, {"Forwarded", "host=\"a:1\";proto=https, host=c"}}),
            "https://a:1");
  EXPECT_EQ(base_of({{"Host", "h"}, {"Forwarded", R"(for="[::1]"; host="q\.r")"}}), "http://q.r");
}

TEST(Origin, TakesForwardedForTheWholeTruthEvenWhereItIsMalformed) {
  for (const auto* value : {"nonsense", "host=", "=a", "host=\"a", "host=a;host=b", "host=a b"}) {
    EXPECT_EQ(base_of({{"Host", "h"}, {"Forwarded", value}, {"X-Forwarded-Host", "x"}}), "http://h")
        << value;
  }
}

TEST(Origin, PassesOverWhatCannotStandInAUrl) {
  EXPECT_EQ(base_of({{"Host", "h"}, {"X-Forwarded-Proto", "javascript"}}), "http://h");
  EXPECT_EQ(base_of({{"Host", "h"}, {"X-Forwarded-Host", "a/b"}}), "http://h");
  EXPECT_EQ(base_of({{"Host", "h"}, {"X-Forwarded-Host", "a\"><b"}}), "http://h");
}

}  // namespace
}  // namespace registry::api
