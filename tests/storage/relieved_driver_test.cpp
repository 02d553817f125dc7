#include "registry/storage/relieved_driver.hpp"

#include "driver_contract.hpp"
#include "folder_contract.hpp"
#include "registry/storage/memory_driver.hpp"
#include "support/hooked_driver.hpp"

namespace registry::storage {
namespace {

class Relieved {
 public:
  Driver& driver() { return *driver_; }

 private:
  const std::unique_ptr<Driver> driver_ =
      make_relieved_driver(make_memory_driver(), [] { return false; });
};

INSTANTIATE_TYPED_TEST_SUITE_P(Relieved, DriverContract, Relieved);
INSTANTIATE_TYPED_TEST_SUITE_P(Relieved, FolderContract, Relieved);

// Full until somebody makes room.
class FullDriver final : public support::HookedDriver {
 public:
  FullDriver(Driver& driver, int& error) : HookedDriver(driver, {}), error_(error) {}
  void put(const std::string& path, std::string_view content, Survives survives) override {
    fail();
    HookedDriver::put(path, content, survives);
  }
  bool remove_tree(const std::string& path, Survives survives) override {
    fail();
    return HookedDriver::remove_tree(path, survives);
  }
  void make(const std::string& path, std::string_view content) override {
    fail();
    HookedDriver::make(path, content);
  }

 private:
  void fail() const {
    if (error_ != 0) throw std::system_error(error_, std::generic_category(), "full");
  }
  int& error_;
};

class RelievedDriverTest : public testing::Test {
 protected:
  int error_ = ENOSPC, asked_ = 0;
  bool has_reserve_ = true;
  const std::unique_ptr<Driver> memory_ = make_memory_driver();
  const std::unique_ptr<Driver> driver_ =
      make_relieved_driver(std::make_unique<FullDriver>(*memory_, error_), [this] {
        ++asked_;
        if (has_reserve_) error_ = 0;
        return std::exchange(has_reserve_, false);
      });
};

TEST_F(RelievedDriverTest, ALinkIsWrittenWithWhatWasKept) {
  driver_->put("a/link", "x", Survives::power_loss);
  EXPECT_EQ(memory_->get("a/link", 10), "x");
  EXPECT_EQ(asked_, 1);
}

TEST_F(RelievedDriverTest, AFolderIsRemovedWithWhatWasKept) {
  memory_->put("a/b/link", "x", Survives::power_loss);
  error_ = EDQUOT;
  driver_->folder("a")->remove_tree("b", {});
  EXPECT_EQ(memory_->stat("a/b"), std::nullopt);
}

TEST_F(RelievedDriverTest, WhereNothingIsKeptItFails) {
  has_reserve_ = false;
  EXPECT_THROW(driver_->put("a/link", "x", Survives::power_loss), std::system_error);
  EXPECT_EQ(asked_, 1);
}

TEST_F(RelievedDriverTest, OtherFailuresAreNoReason) {
  error_ = EIO;
  EXPECT_THROW(driver_->put("a/link", "x", Survives::power_loss), std::system_error);
  EXPECT_EQ(asked_, 0);
}

TEST_F(RelievedDriverTest, UploadsGetNothingOfIt) {
  EXPECT_THROW(driver_->make("upload", "x"), std::system_error);
  EXPECT_EQ(asked_, 0);
}

}  // namespace
}  // namespace registry::storage
