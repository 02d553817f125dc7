#include "registry/content/repository_locks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <vector>

namespace registry::content {
namespace {

const auto kName = *oci::RepositoryName::parse("a/b");
const auto kOther = *oci::RepositoryName::parse("a");

TEST(RepositoryLocks, ExcludeEachOtherWhereOneWantsToBeAlone) {
  RepositoryLocks locks;
  std::atomic<int> sharing = 0, alone = 0;
  std::atomic<bool> violated = false;
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1'000; ++i) {
          const RepositoryLocks::Shared lock(locks, kName);
          ++sharing;
          if (alone != 0) violated = true;
          --sharing;
        }
      });
      threads.emplace_back([&] {
        for (int i = 0; i < 1'000; ++i) {
          const RepositoryLocks::Alone lock(locks, kName);
          if (++alone != 1 || sharing != 0) violated = true;
          std::this_thread::yield();
          --alone;
        }
      });
    }
  }
  EXPECT_FALSE(violated);
}

TEST(RepositoryLocks, AreSharedByPuts) {
  RepositoryLocks locks;
  const RepositoryLocks::Shared first(locks, kName);
  std::async(std::launch::async, [&] { const RepositoryLocks::Shared second(locks, kName); }).get();
}

// As long as there is always one who shares it.
TEST(RepositoryLocks, WhoWantsItAloneIsNotOvertaken) {
  RepositoryLocks locks;
  std::optional<RepositoryLocks::Shared> first(std::in_place, locks, kName);
  std::atomic<bool> had_it_alone = false, overtaken = false;
  std::jthread alone([&] {
    const RepositoryLocks::Alone lock(locks, kName);
    had_it_alone = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::jthread second([&] {
    const RepositoryLocks::Shared lock(locks, kName);
    if (!had_it_alone) overtaken = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  first.reset();
  alone.join();
  second.join();
  EXPECT_TRUE(had_it_alone);
  EXPECT_FALSE(overtaken);
}

TEST(RepositoryLocks, AreThoseOfOneRepository) {
  RepositoryLocks locks;
  const RepositoryLocks::Alone first(locks, kName);
  std::async(std::launch::async, [&] { const RepositoryLocks::Alone other(locks, kOther); }).get();
}

TEST(RepositoryLocks, WaitForTheOneThatIsAlone) {
  RepositoryLocks locks;
  std::atomic<bool> let_go = false;
  std::optional<RepositoryLocks::Alone> alone;
  alone.emplace(locks, kName);
  auto put = std::async(std::launch::async, [&] {
    const RepositoryLocks::Shared lock(locks, kName);
    return let_go.load();
  });
  let_go = true;
  alone.reset();
  EXPECT_TRUE(put.get());
}

}  // namespace
}  // namespace registry::content
