#include "registry/storage/store_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

#include "registry/base/clock.hpp"
#include "registry/storage/paths.hpp"

namespace registry::storage {
namespace {

[[noreturn]] void fail(const std::string& what, const base::Path& path) {
  throw std::system_error(errno, std::generic_category(), what + " " + path.string());
}

std::string read_holder(int file) {
  std::array<char, 512> text{};
  const auto n = ::pread(file, text.data(), text.size(), 0);
  return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : "another process";
}

void write_holder(int file) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const auto text = "host " + std::string(host.data()) + ", pid " + std::to_string(::getpid()) +
                    ", since " + base::rfc3339_seconds(std::chrono::system_clock::now());
  // Only to be read by people: the lock itself is the kernel's.
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, text.data(), text.size(), 0) < 0) return;
}

}  // namespace

StoreLock StoreLock::acquire(const base::Path& root, std::chrono::seconds patience,
                             const std::function<void(const std::string& holder)>& on_wait) {
  constexpr std::chrono::milliseconds kPause{100};
  const auto own = root / paths::kOwn;
  if (::mkdir(own.c_str(), 0777) != 0 && errno != EEXIST) fail("cannot make directory", own);
  const auto path = own / "lock";
  base::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file) fail("cannot open", path);
  const auto end = std::chrono::steady_clock::now() + patience;
  for (bool told = false; ::flock(file.get(), LOCK_EX | LOCK_NB) != 0; told = true) {
    if (errno != EWOULDBLOCK && errno != EINTR) fail("cannot lock", path);
    if (!told) on_wait(read_holder(file.get()));
    if (std::chrono::steady_clock::now() >= end) {
      throw std::runtime_error("the store " + root.string() + " is in use by " +
                               read_holder(file.get()) +
                               ": only one process may write to it, so stop that one first");
    }
    std::this_thread::sleep_for(kPause);
  }
  write_holder(file.get());
  return StoreLock(std::move(file), path);
}

bool StoreLock::is_in_place() const {
  struct stat found{}, held{};
  if (::stat(path_.c_str(), &found) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    fail("cannot stat", path_);
  }
  if (::fstat(file_.get(), &held) != 0) fail("cannot stat", path_);
  return found.st_dev == held.st_dev && found.st_ino == held.st_ino;
}

}  // namespace registry::storage
