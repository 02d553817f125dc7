#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "registry/base/fd.hpp"
#include "registry/base/files.hpp"

namespace registry::base {
namespace {

[[noreturn]] void fail(const char* what, const Path& path, int error = errno) {
  throw std::system_error(error, std::generic_category(), std::string(what) + " " + path.string());
}

// A stray file where a directory is expected hides nothing: what would be below it is absent.
bool is_absent(int error) {
  return error == ENOENT || error == ENOTDIR;
}

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::file;
  if (S_ISDIR(mode)) return FileKind::directory;
  return FileKind::other;
}

bool is_file(const Fd& fd) {
  struct stat status{};
  return ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode);
}

class PosixFile final : public File {
 public:
  PosixFile(Fd fd, Path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      const auto n = ::pread(fd_.get(), out.data() + done, out.size() - done,
                             static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("cannot read", path_);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  void write_at(std::uint64_t offset, std::span<const std::byte> data) override {
    while (!data.empty()) {
      const auto n = ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("cannot write", path_);
      offset += static_cast<std::uint64_t>(n);
      data = data.subspan(static_cast<std::size_t>(n));
    }
  }

  void truncate(std::uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) fail("cannot truncate", path_);
  }

  // What else goes wrong, a write will say better. Some filesystems say that they did, and did not:
  // the file's blocks tell.
  bool allocate(std::uint64_t offset, std::uint64_t length) override {
    const auto before = blocks();
    if (::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                    static_cast<off_t>(length)) == 0) {
      return (blocks() - before) * kBlockBytes >= length / 2;
    }
    if (errno == ENOSPC || errno == EDQUOT) fail("cannot allocate", path_);
    return false;
  }

  std::uint64_t size() override {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) fail("cannot stat", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

  std::uint64_t id() override {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) fail("cannot stat", path_);
    return status.st_ino;
  }

  void sync() override {
    if (::fdatasync(fd_.get()) != 0) fail("cannot sync", path_);
  }

  void start_writeback(std::uint64_t offset, std::uint64_t length) override {
    // Only a hint, and some filesystems lack it: the sync that follows reports what is wrong.
    (void)::sync_file_range(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(length),
                            SYNC_FILE_RANGE_WRITE);
  }

  std::optional<int> descriptor() const override { return fd_.get(); }

 private:
  static constexpr std::uint64_t kBlockBytes = 512;  // of st_blocks, whatever the filesystem's are

  std::uint64_t blocks() const {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) fail("cannot stat", path_);
    return static_cast<std::uint64_t>(status.st_blocks);
  }

  Fd fd_;
  Path path_;
};

// A path relative to an open directory.
struct At {
  int directory = AT_FDCWD;
  const Path& parent;  // its path
  const std::string& name;

  Path path() const { return parent / name; }
};

[[noreturn]] void fail(const char* what, const At& at, int error = errno) {
  fail(what, at.path(), error);
}

std::optional<FileStatus> status_of(const At& at) {
  struct stat status{};
  if (::fstatat(at.directory, at.name.c_str(), &status, 0) != 0) {
    if (is_absent(errno)) return std::nullopt;
    fail("cannot stat", at);
  }
  const auto modified = std::chrono::seconds(status.st_mtim.tv_sec) +
                        std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return FileStatus{kind_of(status.st_mode), static_cast<std::uint64_t>(status.st_size),
                    std::chrono::system_clock::time_point(modified), status.st_ino};
}

bool remove_file(const At& at) {
  if (::unlinkat(at.directory, at.name.c_str(), 0) == 0) return true;
  if (is_absent(errno)) return false;
  fail("cannot remove", at);
}

bool remove_directory(const At& at) {
  if (::unlinkat(at.directory, at.name.c_str(), AT_REMOVEDIR) == 0) return true;
  if (is_absent(errno) || errno == ENOTEMPTY || errno == EEXIST) return false;
  fail("cannot remove", at);
}

// None: absent. A pipe that somebody has left there must not hold a thread.
Fd open(const At& at, int flags) {
  Fd fd(::openat(at.directory, at.name.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0666));
  if (!fd && !is_absent(errno) && errno != EISDIR) fail("cannot open", at);
  return fd;
}

std::string read_whole(File& file, std::size_t max_bytes, const Path& path) {
  const auto size = file.size();
  if (size > max_bytes) fail("cannot read at once", path, EFBIG);
  std::string content(size, '\0');
  content.resize(file.read_at(0, std::as_writable_bytes(std::span(content))));
  return content;
}

class PosixFolder final : public Folder {
 public:
  PosixFolder(Fd fd, Path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  std::optional<std::string> read(const std::string& path, std::size_t max_bytes) override {
    Fd fd = base::open(at(path), O_RDONLY);
    if (!fd) return std::nullopt;
    std::array<char, 8192> small;  // most files are, and then one call reads them
    const auto n = ::read(fd.get(), small.data(), small.size());
    const auto length = static_cast<std::size_t>(std::max<ssize_t>(n, 0));
    if (length > 0 && length < small.size() && length <= max_bytes) {
      return std::string(small.data(), length);
    }
    if (!is_file(fd)) return std::nullopt;
    PosixFile file(std::move(fd), path_ / path);
    return read_whole(file, max_bytes, path_ / path);
  }
  std::optional<FileStatus> status(const std::string& path) override { return status_of(at(path)); }
  bool remove_file(const std::string& path) override { return base::remove_file(at(path)); }
  bool remove_directory(const std::string& path) override {
    return base::remove_directory(at(path));
  }

 private:
  At at(const std::string& path) const { return {fd_.get(), path_, path}; }

  const Fd fd_;
  const Path path_;
};

// By whole paths.
class PlainFolder final : public Folder {
 public:
  PlainFolder(Files& files, Path path) : files_(files), path_(std::move(path)) {}

  std::optional<std::string> read(const std::string& path, std::size_t max_bytes) override {
    const auto file = files_.open(path_ / path);
    if (!file) return std::nullopt;
    return read_whole(*file, max_bytes, path_ / path);
  }
  std::optional<FileStatus> status(const std::string& path) override {
    return files_.status(path_ / path);
  }
  bool remove_file(const std::string& path) override { return files_.remove_file(path_ / path); }
  bool remove_directory(const std::string& path) override {
    return files_.remove_directory(path_ / path);
  }

 private:
  Files& files_;
  const Path path_;
};

class PosixFiles final : public Files {
 public:
  std::unique_ptr<File> open(const Path& path) override { return open_file(path, O_RDONLY); }
  std::unique_ptr<File> open_for_write(const Path& path) override {
    return open_file(path, O_RDWR);
  }
  std::unique_ptr<File> create(const Path& path) override {
    return open_file(path, O_RDWR | O_CREAT | O_EXCL);
  }

  std::optional<FileStatus> status(const Path& path) override { return status_of(at(path)); }

  bool rename(const Path& from, const Path& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return true;
    if (is_absent(errno)) return false;
    fail("cannot rename to", to);
  }

  bool remove_file(const Path& path) override { return base::remove_file(at(path)); }
  bool remove_directory(const Path& path) override { return base::remove_directory(at(path)); }

  MadeDirectory make_directory(const Path& path) override {
    if (::mkdir(path.c_str(), 0777) == 0) return MadeDirectory::made;
    if (errno == EEXIST) return MadeDirectory::was_there;
    if (errno == ENOENT) return MadeDirectory::no_parent;
    fail("cannot make directory", path);
  }

  bool list(const Path& path, const Visitor& visit) override;

  std::vector<bool> exist_below(const Path& directory,
                                const std::vector<std::string>& paths) override {
    std::vector<bool> exist(paths.size());
    const Fd at(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!at) return exist;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      exist[i] = ::faccessat(at.get(), paths[i].c_str(), F_OK, 0) == 0;
    }
    return exist;
  }

  std::unique_ptr<Folder> folder(const Path& directory) override {
    Fd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return Files::folder(directory);  // which says what is wrong with it
    return std::make_unique<PosixFolder>(std::move(fd), directory);
  }

  // As df: what is kept for root counts neither as free nor as there at all.
  std::optional<Space> space(const Path& path) override {
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0 || status.f_blocks == 0) return std::nullopt;
    const std::uint64_t used = status.f_blocks - status.f_bfree;
    Space space;
    space.total_bytes = (used + status.f_bavail) * status.f_frsize;
    space.free_bytes = status.f_bavail * status.f_frsize;
    if (status.f_files > 0) space.free_inodes = status.f_favail;
    return space;
  }

  void sync_directory(const Path& path) override {
    const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) fail("cannot open", path);
    if (::fsync(directory.get()) != 0) fail("cannot sync", path);
    fail_after_shutdown(directory, path);
  }

  void sync_filesystem(const Path& path) override {
    const Fd directory(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!directory) fail("cannot open", path);
    if (::syncfs(directory.get()) != 0) fail("cannot sync the filesystem of", path);
    fail_after_shutdown(directory, path);
  }

 private:
  // XFS that has shut itself down says that a directory is synced when it has thrown its changes
  // away; but it does not say any more what the directory is.
  static void fail_after_shutdown(const Fd& directory, const Path& path) {
    struct stat status{};
    if (::fstat(directory.get(), &status) != 0) fail("cannot sync", path);
  }

  // Of a path from the root, or from the working directory.
  static At at(const Path& path) {
    static const Path no_parent;
    return {AT_FDCWD, no_parent, path.native()};
  }

  static std::unique_ptr<File> open_file(const Path& path, int flags) {
    Fd fd = base::open(at(path), flags);
    if (!fd) return nullptr;
    const bool was_there = (flags & O_EXCL) == 0;   // what was just made is a file
    if (was_there && !is_file(fd)) return nullptr;  // a directory or a pipe: no content of ours
    return std::make_unique<PosixFile>(std::move(fd), path);
  }
};

FileKind kind_of_entry(const Path& directory, const dirent& entry) {
  if (entry.d_type == DT_REG) return FileKind::file;
  if (entry.d_type == DT_DIR) return FileKind::directory;
  if (entry.d_type == DT_LNK) return FileKind::link;
  if (entry.d_type != DT_UNKNOWN) return FileKind::other;
  struct stat status{};  // a filesystem that does not say
  if (::lstat((directory / entry.d_name).c_str(), &status) != 0) return FileKind::other;
  return S_ISLNK(status.st_mode) ? FileKind::link : kind_of(status.st_mode);
}

bool PosixFiles::list(const Path& path, const Visitor& visit) {
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> directory(::opendir(path.c_str()));
  if (!directory) {
    if (is_absent(errno)) return false;
    fail("cannot list", path);
  }
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name == "." || name == "..") continue;
    if (!visit(name, kind_of_entry(path, *entry))) return true;
  }
  if (errno != 0) fail("cannot list", path);
  return true;
}

}  // namespace

std::vector<bool> Files::exist_below(const Path& directory, const std::vector<std::string>& paths) {
  std::vector<bool> exist(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    try {
      exist[i] = status(directory / paths[i]).has_value();
    } catch (const std::system_error&) {
      // It cannot be told.
    }
  }
  return exist;
}

std::unique_ptr<Folder> Files::folder(const Path& directory) {
  return std::make_unique<PlainFolder>(*this, directory);
}

std::optional<Space> Files::space(const Path&) {
  return std::nullopt;
}

std::unique_ptr<Files> make_posix_files() {
  return std::make_unique<PosixFiles>();
}

}  // namespace registry::base
