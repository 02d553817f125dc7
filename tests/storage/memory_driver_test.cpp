#include "registry/storage/memory_driver.hpp"

#include "driver_contract.hpp"
#include "folder_contract.hpp"

namespace registry::storage {
namespace {

class InMemory {
 public:
  Driver& driver() { return *driver_; }

 private:
  const std::unique_ptr<Driver> driver_ = make_memory_driver();
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, DriverContract, InMemory);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, FolderContract, InMemory);

TEST(MemoryDriver, HasNoFileForTheKernel) {
  const auto driver = make_memory_driver();
  driver->put("a/file", "x", Survives::process_crash);
  EXPECT_EQ(driver->open("a/file")->descriptor(), std::nullopt);
}

}  // namespace
}  // namespace registry::storage
