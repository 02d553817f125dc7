#include "registry/storage/reserve_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/base/fd.hpp"
#include "registry/storage/paths.hpp"

namespace registry::storage {
namespace {

constexpr std::uint64_t kBlock = 512;  // of stat(2)

base::Fd open_at(const base::Path& path, int flags) {
  return base::Fd(::open(path.c_str(), flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0666));
}

}  // namespace

ReserveFile::ReserveFile(const base::Path& root) : path_(root / paths::kOwn / "reserve") {
  const auto file = open_at(path_, 0);
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) return;
  held_ = static_cast<std::uint64_t>(status.st_blocks) * kBlock;
}

bool ReserveFile::make(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  const auto file = open_at(path_, O_CREAT);
  if (!file) return false;
  // One that is too large, as after a change of the configuration, is cut.
  if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) return false;
  struct stat status{};
  // Some filesystems say that they did, and did not.
  const bool is_there =
      bytes == 0 || (::fallocate(file.get(), 0, 0, static_cast<off_t>(bytes)) == 0 &&
                     ::fstat(file.get(), &status) == 0 &&
                     static_cast<std::uint64_t>(status.st_blocks) * kBlock >= bytes / 2);
  if (!is_there) {
    // Nothing, rather than a part, of which nobody would know how much it is.
    held_ = 0;
    (void)!::ftruncate(file.get(), 0);
    return false;
  }
  held_ = bytes;
  return true;
}

bool ReserveFile::give_back() {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds kJustNow{2};  // for whoever met the full volume at the same time
  const std::scoped_lock lock(mutex_);
  if (held_ == 0) {
    return given_back_ != Clock::time_point::min() && Clock::now() - given_back_ < kJustNow;
  }
  const auto file = open_at(path_, 0);
  if (!file || ::ftruncate(file.get(), 0) != 0) return false;
  held_ = 0;
  given_back_ = Clock::now();
  return true;
}

}  // namespace registry::storage
