#include "registry/base/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace registry::base {
namespace {

using testing::HasSubstr;

TEST(Metrics, AreWrittenInPrometheusText) {
  Metrics metrics;
  auto& family = prometheus::BuildCounter().Name("x_total").Help("X.").Register(metrics.registry());
  family.Add({{"k", "a\"b\nc"}}).Increment(3);
  EXPECT_THAT(metrics.text(), HasSubstr("# HELP x_total X.\n# TYPE x_total counter\n"
                                        "x_total{k=\"a\\\"b\\nc\"} 3\n"));
}

TEST(Metrics, SayWhatTheKernelKnowsOfTheProcess) {
  const auto text = Metrics().text();
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_open_fds", "process_max_fds", "process_start_time_seconds"}) {
    EXPECT_THAT(text, testing::ContainsRegex("\n" + std::string(name) + " [0-9.]*[1-9]")) << text;
  }
}

}  // namespace
}  // namespace registry::base
