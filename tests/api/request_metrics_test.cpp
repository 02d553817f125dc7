#include "registry/api/request_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace registry::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class RequestMetricsTest : public testing::Test {
 protected:
  void complete(std::string_view route, const std::string& method, unsigned status) {
    http::Request request;
    request.route = route;
    request.method = method;
    http::Outcome outcome;
    outcome.status = status;
    outcome.bytes_sent = 2000;
    requests_.completed(request, outcome);
  }

  base::Metrics metrics_;
  RequestMetrics requests_{metrics_};
};

TEST_F(RequestMetricsTest, AreCountedByRouteMethodAndStatus) {
  for (int i = 0; i < 2; ++i) {
    requests_.begin("blob");
    complete("blob", "GET", 200);
  }
  requests_.begin("blob");
  const auto text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("registry_http_requests_total{code=\"200\",handler=\"blob\","
                              "method=\"get\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("registry_http_in_flight_requests{handler=\"blob\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("registry_http_response_size_bytes_bucket{handler=\"blob\","
                              "le=\"2048\"} 2\n"));
}

TEST_F(RequestMetricsTest, DoNotGrowWithWhatClientsThinkOf) {
  for (const char* method : {"BREW", "FOO", "get"}) {
    requests_.begin("base");
    complete("base", method, 200);
  }
  const auto text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("handler=\"base\",method=\"other\"} 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("BREW")));
}

TEST_F(RequestMetricsTest, LeaveOutWhatHasNoRoute) {
  complete("", "GET", 404);
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("code=\"404\"")));
}

}  // namespace
}  // namespace registry::api
