#include "registry/maintenance/store_counter.hpp"

#include "maintenance_test.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::maintenance {
namespace {

class StoreCounter : public MaintenanceTest {
 protected:
  std::optional<std::uint64_t> count(storage::Driver& driver, const std::stop_token& stop = {}) {
    content::Content content(driver, acceptance_, io_);
    count_store(content, driver, stop);
    return content.store_size.bytes();
  }
};
ON_EACH_DRIVER(StoreCounter);

TEST_P(StoreCounter, AnEmptyStoreHasNoBytes) {
  EXPECT_EQ(count(driver()), 0U);
}

TEST_P(StoreCounter, CountsBlobsOnceAndUploads) {
  push_blob(name_of("a"), "four");
  push_blob(name_of("b/c"), "four");
  push_blob(name_of("b/c"), "seven77");
  const auto id = uploads_.begin(name_of("d"));
  const auto upload = uploads_.open(name_of("d"), id);
  upload->append(content::bytes_of("upload"));
  upload->keep();
  EXPECT_EQ(count(driver()), 4U + 7U + 6U);
}

TEST_P(StoreCounter, LeavesOutWhatItMayNotRead) {
  push_blob(name_of("a"), "four");
  put(paths::upload_data(name_of("b"), "hidden"), "upload");
  support::UnreadableDriver unreadable(driver(), {paths::uploads(name_of("b"))});
  EXPECT_EQ(count(unreadable), 4U);
}

TEST_P(StoreCounter, ACountThatIsEndedCountsForNothing) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(count(driver(), stop.get_token()), std::nullopt);
}

}  // namespace
}  // namespace registry::maintenance
