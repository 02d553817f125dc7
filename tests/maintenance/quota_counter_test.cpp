#include "registry/maintenance/quota_counter.hpp"

#include "maintenance_test.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::maintenance {
namespace {

class QuotaCounter : public MaintenanceTest {
 protected:
  // Whether so many bytes, and not one more, still fit into a quota of 100.
  void expect_free(const std::string& repository, std::uint64_t free,
                   const std::stop_token& stop = {}) {
    const std::vector<config::Quota> quotas = {{"team/*", 100}, {"other", 100}};
    content::Content content(driver(), acceptance_, io_, 0, {}, content::kGrace, {}, quotas);
    count_quotas(content, driver(), stop);
    const auto name = name_of(repository);
    EXPECT_NO_THROW(content.quotas.check(name, free));
    if (!stop.stop_requested()) EXPECT_THROW(content.quotas.check(name, free + 1), oci::Error);
  }
};
ON_EACH_DRIVER(QuotaCounter);

TEST_P(QuotaCounter, CountsWhatIsSharedWithinAPatternOnce) {
  push_blob(name_of("team/a"), "four");
  push_blob(name_of("team/b"), "four");
  push_blob(name_of("team/b"), "seven77");
  push_blob(name_of("other"), "four");
  push_blob(name_of("free/of/quota"), "whatever");
  expect_free("team/new", 100 - 4 - 7);
  expect_free("other", 100 - 4);
}

TEST_P(QuotaCounter, ACountThatIsEndedCountsForNothing) {
  push_blob(name_of("other"), "four");
  std::stop_source stop;
  stop.request_stop();
  expect_free("other", 1000, stop.get_token());
}

}  // namespace
}  // namespace registry::maintenance
