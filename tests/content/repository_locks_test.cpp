#include "registry/content/repository_locks.hpp"

#include <gtest/gtest.h>

#include <atomic>
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
