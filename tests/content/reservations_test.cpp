#include "registry/content/reservations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>
#include <vector>

#include "registry/oci/error.hpp"
#include "registry/storage/memory_driver.hpp"
#include "support/hooked_driver.hpp"

namespace registry::content {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr auto kOverhead = Reservations::kOverheadBytes;

// A store on a volume of which the test says how full it is.
class Volume final : public support::HookedDriver {
 public:
  explicit Volume(storage::Driver& driver) : HookedDriver(driver, {}) {}
  std::optional<base::Space> space() override {
    ++looks;
    return now;
  }
  std::optional<base::Space> now;
  int looks = 0;
};

class ReservationsTest : public testing::Test {
 protected:
  void has(std::uint64_t total, std::uint64_t free,
           std::optional<std::uint64_t> inodes = std::nullopt) {
    volume_.now = base::Space{total, free, inodes};
    // Until the last look is too old to be believed.
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
  }
  static config::Capacity capacity(std::uint64_t limit, std::uint64_t reserve) {
    config::Capacity capacity;
    capacity.limit = limit;
    capacity.reserve = reserve;
    return capacity;
  }
  // Empty: it was not refused.
  static std::string refusal(Reservations& all, std::uint64_t bytes) {
    try {
      all.reserve(bytes);
      return {};
    } catch (const oci::Error& error) {
      EXPECT_EQ(error.code(), oci::ErrorCode::storage_full);
      return error.detail().get<std::string>();
    }
  }

  const std::unique_ptr<storage::Driver> memory_ = storage::make_memory_driver();
  Volume volume_{*memory_};
  StoreSize size_;
  Reservations all_{volume_, size_, capacity(0, 0)};
};

TEST_F(ReservationsTest, AllFitsWhereNobodyKnowsHowMuchThereIs) {
  EXPECT_THAT(refusal(all_, std::numeric_limits<std::uint64_t>::max()), IsEmpty());
  EXPECT_FALSE(all_.fullness());
  EXPECT_THAT(all_.why_full(), IsEmpty());
}

TEST_F(ReservationsTest, WhatCannotFitIsRefusedWithTheFigures) {
  has(100 * kMiB, 10 * kMiB);
  EXPECT_THAT(refusal(all_, 9 * kMiB), IsEmpty());
  const auto why = refusal(all_, 11 * kMiB);
  EXPECT_THAT(why, HasSubstr("storage is full"));
  EXPECT_THAT(why, HasSubstr("11.0 MiB are needed"));
  EXPECT_THAT(why, HasSubstr("of 100.0 MiB 90.0 MiB are used and 10.0 MiB free"));
  EXPECT_EQ(all_.refused(), 1U);
  EXPECT_THAT(refusal(all_, std::numeric_limits<std::uint64_t>::max()), Not(IsEmpty()));
}

TEST_F(ReservationsTest, WhatIsReservedIsNobodyElses) {
  has(100 * kMiB, 10 * kMiB);
  {
    const auto first = all_.reserve(6 * kMiB);
    EXPECT_THAT(refusal(all_, 6 * kMiB), HasSubstr("6.0 MiB for uploads under way"));
    EXPECT_THAT(refusal(all_, 3 * kMiB), IsEmpty());
  }
  EXPECT_THAT(refusal(all_, 6 * kMiB), IsEmpty());
}

TEST_F(ReservationsTest, WhatIsWrittenCountsOnce) {
  has(100 * kMiB, 10 * kMiB);
  auto first = all_.reserve(6 * kMiB);
  first.prepare(6 * kMiB);
  first.written(6 * kMiB);
  // Whether the volume shows it yet or not.
  EXPECT_EQ(all_.fullness()->available, 4 * kMiB - kOverhead);
  has(100 * kMiB, 4 * kMiB);
  EXPECT_EQ(all_.fullness()->available, 4 * kMiB - kOverhead);
}

TEST_F(ReservationsTest, WhatIsAllocatedCountsOnce) {
  has(100 * kMiB, 10 * kMiB);
  {
    auto first = all_.reserve(6 * kMiB);
    first.allocate(6 * kMiB, [] { return false; });
    EXPECT_EQ(all_.fullness()->available, 4 * kMiB - kOverhead);
    first.allocate(6 * kMiB, [&] {
      volume_.now->free_bytes -= 6 * kMiB;
      return true;
    });
    EXPECT_EQ(all_.fullness()->available, 4 * kMiB - kOverhead);
    EXPECT_EQ(all_.fullness()->free, 10 * kMiB);
    first.prepare(2 * kMiB);
    first.written(2 * kMiB);
    EXPECT_EQ(all_.fullness()->available, 4 * kMiB - kOverhead);
    EXPECT_EQ(all_.fullness()->free, 8 * kMiB);
    EXPECT_EQ(all_.fullness()->reserved, 4 * kMiB + kOverhead);
  }
  has(100 * kMiB, 8 * kMiB);  // the rest was given back
  EXPECT_EQ(all_.fullness()->available, 8 * kMiB);
}

TEST_F(ReservationsTest, WhoIsSilentHoldsNothingBackUntilItGoesOn) {
  has(100 * kMiB, 20 * kMiB);
  auto first = all_.reserve(16 * kMiB);
  first.allocate(16 * kMiB, [&] {
    volume_.now->free_bytes -= 16 * kMiB;
    return true;
  });
  first.prepare(2 * kMiB);
  first.written(2 * kMiB);
  volume_.now->free_bytes += 14 * kMiB;
  first.pause();
  has(100 * kMiB, 18 * kMiB);
  EXPECT_EQ(all_.fullness()->available, 18 * kMiB - kOverhead);
  {
    const auto other = all_.reserve(17 * kMiB);
    EXPECT_THROW(first.prepare(2 * kMiB), oci::Error);
  }
  EXPECT_NO_THROW(first.prepare(2 * kMiB));
  EXPECT_EQ(all_.fullness()->reserved, Reservations::kStepBytes + kOverhead);
}

TEST_F(ReservationsTest, ABodyOfUnknownLengthReservesAsItComes) {
  has(100 * kMiB, 10 * kMiB);
  auto body = all_.reserve(0);
  body.prepare(kMiB);
  EXPECT_EQ(all_.fullness()->reserved, Reservations::kStepBytes + kOverhead);
  // Where a step does not fit, as much as has come may.
  auto other = all_.reserve(0);
  EXPECT_NO_THROW(other.prepare(kMiB));
  EXPECT_THROW(other.prepare(2 * kMiB), oci::Error);
}

TEST_F(ReservationsTest, SomeIsKeptForDeletes) {
  Reservations all(volume_, size_, capacity(0, 4 * kMiB));
  has(100 * kMiB, 10 * kMiB);
  EXPECT_THAT(refusal(all, 7 * kMiB), HasSubstr("4.0 MiB of them kept for deletes"));
  EXPECT_THAT(refusal(all, 5 * kMiB), IsEmpty());
}

TEST_F(ReservationsTest, WhatIsKeptInAFileIsKeptOnce) {
  Reservations all(volume_, size_, capacity(0, 4 * kMiB));
  has(100 * kMiB, 6 * kMiB);
  all.keep_in_file(4 * kMiB);
  EXPECT_EQ(all.fullness()->free, 10 * kMiB);
  EXPECT_EQ(all.fullness()->kept, 4 * kMiB);
  EXPECT_EQ(all.fullness()->available, 6 * kMiB);
}

TEST_F(ReservationsTest, OfASmallVolumeOnlyATwentiethIsKept) {
  Reservations all(volume_, size_, capacity(0, 64 * kMiB));
  has(20 * kMiB, 20 * kMiB);
  EXPECT_EQ(all.fullness()->kept, kMiB);
}

TEST_F(ReservationsTest, AVolumeWithoutInodesIsFull) {
  has(100 * kMiB, 50 * kMiB, 0);
  EXPECT_THAT(refusal(all_, 1), HasSubstr("no inode left"));
  EXPECT_THAT(all_.why_full(), HasSubstr("no inode left"));
  has(100 * kMiB, 50 * kMiB, 1);
  EXPECT_THAT(refusal(all_, 1), IsEmpty());
  EXPECT_THAT(all_.why_full(), IsEmpty());
}

TEST_F(ReservationsTest, RoomThatComesBackIsSeenBeforeSomebodyIsRefused) {
  has(100 * kMiB, 0);
  EXPECT_THAT(refusal(all_, 1), Not(IsEmpty()));
  has(100 * kMiB, kMiB);
  EXPECT_THAT(refusal(all_, 1), IsEmpty());
}

TEST_F(ReservationsTest, TheVolumeIsNotLookedAtForEach) {
  has(100 * kMiB, 50 * kMiB);
  for (int i = 0; i < 1000; ++i) all_.reserve(1);
  EXPECT_LT(volume_.looks, 1000);
}

TEST_F(ReservationsTest, TheLimitCountsTheStoreOnceItIsCounted) {
  Reservations all(volume_, size_, capacity(20 * kMiB, 0));
  has(100 * kMiB, 50 * kMiB);
  EXPECT_EQ(all.fullness()->used, 50 * kMiB);  // the volume's, until then
  size_.end_count(size_.begin_count(), 15 * kMiB);
  EXPECT_EQ(all.fullness()->limit, 20 * kMiB);
  EXPECT_EQ(all.fullness()->used, 15 * kMiB);
  EXPECT_EQ(all.fullness()->free, 5 * kMiB);
  EXPECT_THAT(refusal(all, 6 * kMiB), HasSubstr("of 20.0 MiB 15.0 MiB are used"));
  size_.shrank(2 * kMiB);
  EXPECT_THAT(refusal(all, 6 * kMiB), IsEmpty());
}

TEST_F(ReservationsTest, ALimitBeyondTheVolumeEndsWhereTheVolumeDoes) {
  Reservations all(volume_, size_, capacity(1000 * kMiB, 0));
  has(100 * kMiB, 10 * kMiB);
  size_.end_count(size_.begin_count(), 80 * kMiB);
  EXPECT_EQ(all.fullness()->limit, 90 * kMiB);
  EXPECT_TRUE(all.fullness()->is_above(88));
  EXPECT_FALSE(all.fullness()->is_above(89));
  EXPECT_THAT(refusal(all, 11 * kMiB), Not(IsEmpty()));
}

TEST_F(ReservationsTest, ManyThreadsTakeNoMoreThanThereIs) {
  has(100 * kMiB, 10 * kMiB);
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
          try {
            const auto some = all_.reserve(4 * kMiB);
            EXPECT_LE(++taken, 2);
            --taken;
          } catch (const oci::Error&) {
          }
        }
      });
    }
  }
  EXPECT_EQ(all_.fullness()->reserved, 0U);
}

}  // namespace
}  // namespace registry::content
