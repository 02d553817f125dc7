#include "registry/storage/measured_driver.hpp"

#include "driver_contract.hpp"
#include "folder_contract.hpp"
#include "registry/storage/memory_driver.hpp"

namespace registry::storage {
namespace {

class Measured {
 public:
  Driver& driver() { return *driver_; }

 private:
  base::Metrics metrics_;
  const std::unique_ptr<Driver> driver_ =
      make_measured_driver(make_memory_driver(), "inmemory", metrics_);
};

INSTANTIATE_TYPED_TEST_SUITE_P(Measured, DriverContract, Measured);
INSTANTIATE_TYPED_TEST_SUITE_P(Measured, FolderContract, Measured);

TEST(MeasuredDriver, CountsEachActionAlsoWhereItFails) {
  base::Metrics metrics;
  const auto driver = make_measured_driver(make_memory_driver(), "inmemory", metrics);
  driver->put("a", "too long", Survives::power_loss);
  driver->get("a", 100);
  EXPECT_THROW(driver->get("a", 1), std::system_error);
  const auto text = metrics.text();
  const auto expect_count = [&](const std::string& action, int count) {
    EXPECT_NE(text.find("registry_storage_action_seconds_count{action=\"" + action +
                        "\",driver=\"inmemory\"} " + std::to_string(count) + "\n"),
              std::string::npos)
        << text;
  };
  expect_count("PutContent", 1);
  expect_count("GetContent", 2);
  expect_count("Stat", 0);
}

}  // namespace
}  // namespace registry::storage
