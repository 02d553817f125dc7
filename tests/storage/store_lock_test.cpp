#include "registry/storage/store_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>

#include "support/temporary_directory.hpp"

namespace registry::storage {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

class StoreLockTest : public testing::Test {
 protected:
  StoreLock acquire() {
    return StoreLock::acquire(root(), seconds(0), [&](const std::string& holder) {
      ++waits_;
      holder_ = holder;
    });
  }
  // Why the lock cannot be had; empty: it can.
  std::string refusal() {
    try {
      acquire();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
  const std::filesystem::path& root() const { return directory_.path(); }

  const support::TemporaryDirectory directory_;
  int waits_ = 0;
  std::string holder_;
};

// A process that holds the lock until it is killed.
class Holder {
 public:
  explicit Holder(const std::filesystem::path& root) {
    int ready[2] = {};
    if (::pipe(ready) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      const auto lock = StoreLock::acquire(root, seconds(0), [](const std::string&) {});
      (void)!::write(ready[1], "x", 1);
      for (;;) ::pause();
    }
    ::close(ready[1]);
    char c = 0;
    (void)!::read(ready[0], &c, 1);
    ::close(ready[0]);
  }
  ~Holder() { kill(); }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

TEST_F(StoreLockTest, IsHadAtOnceWhereNobodyHoldsIt) {
  const auto lock = acquire();
  EXPECT_EQ(waits_, 0);
  EXPECT_TRUE(std::filesystem::exists(root() / ".registry/lock"));
}

TEST_F(StoreLockTest, IsHeldByOneOnly) {
  const auto lock = acquire();
  EXPECT_THAT(refusal(), AllOf(HasSubstr(root().string()),
                               HasSubstr("pid " + std::to_string(::getpid()) + ","),
                               HasSubstr("only one process may write")));
  EXPECT_EQ(waits_, 1);
  EXPECT_THAT(holder_, testing::MatchesRegex("host .+, pid [0-9]+, since 20.+Z"));
}

TEST_F(StoreLockTest, IsLetGoByTheDestructor) {
  {
    const auto lock = acquire();
  }
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(waits_, 0);
}

TEST_F(StoreLockTest, NamesAnotherProcessThatHoldsIt) {
  Holder other(root());
  EXPECT_THAT(refusal(), HasSubstr("pid " + std::to_string(other.pid()) + ","));
}

TEST_F(StoreLockTest, IsLetGoByTheDeathOfTheProcess) {
  Holder other(root());
  ASSERT_NE(refusal(), "");
  other.kill();
  EXPECT_EQ(refusal(), "");
}

TEST_F(StoreLockTest, IsWaitedFor) {
  std::optional<StoreLock> first = acquire();
  int told = 0;
  const auto second = StoreLock::acquire(root(), seconds(60), [&](const std::string&) {
    ++told;
    first.reset();
  });
  EXPECT_EQ(told, 1);
  EXPECT_THAT(refusal(), HasSubstr("is in use by"));
}

TEST_F(StoreLockTest, NeedsTheRoot) {
  EXPECT_THROW(StoreLock::acquire(root() / "none", seconds(0), [](const std::string&) {}),
               std::system_error);
}

TEST_F(StoreLockTest, IsInPlaceUntilTheStoreIsMovedAway) {
  const auto lock = acquire();
  EXPECT_TRUE(lock.is_in_place());
  const auto away = root().string() + "-away";
  std::filesystem::rename(root(), away);
  EXPECT_FALSE(lock.is_in_place());
  std::filesystem::create_directories(root());
  EXPECT_FALSE(lock.is_in_place());
  {
    const auto another = acquire();
    EXPECT_FALSE(lock.is_in_place());
    EXPECT_TRUE(another.is_in_place());
  }
  std::filesystem::remove_all(root());
  std::filesystem::rename(away, root());
  EXPECT_TRUE(lock.is_in_place());
}

}  // namespace
}  // namespace registry::storage
