#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace registry::base {

using Path = std::filesystem::path;

// An open file. Used by one thread at a time; closed by its destructor.
class File {
 public:
  virtual ~File() = default;

  // Fewer bytes than asked for only at the end of the file.
  virtual std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) = 0;
  // Writes everything or throws; after a throw the content from `offset` on is unknown.
  virtual void write_at(std::uint64_t offset, std::span<const std::byte> data) = 0;
  // Also gives back what was allocated behind that size.
  virtual void truncate(std::uint64_t size) = 0;
  // Takes the blocks of a part before it is written; the size stays. False: the filesystem cannot.
  // Throws where there is no room, and may have taken some then.
  virtual bool allocate(std::uint64_t offset, std::uint64_t length) = 0;
  virtual std::uint64_t size() = 0;
  // As FileStatus::id, of the file that is open, whatever its path leads to by now.
  virtual std::uint64_t id() = 0;
  // Content and size survive a power loss once this returns. A sync that failed must never be
  // retried: the kernel forgets the pages that it could not write and reports success the next
  // time.
  virtual void sync() = 0;
  // Starts to write a part back without waiting, so that the sync at the end is short.
  virtual void start_writeback(std::uint64_t offset, std::uint64_t length) = 0;
  // For sendfile; nullopt where there is no kernel file behind it. Lives as long as the File.
  virtual std::optional<int> descriptor() const = 0;
};

// `link`: a symbolic one, in listings alone; a status is of what it points to.
enum class FileKind { file, directory, link, other };

struct FileStatus {
  FileKind kind = FileKind::other;
  std::uint64_t size_bytes = 0;
  std::chrono::system_clock::time_point modified;
  // Tells the file from any other that has its path before or after it, while it is open somewhere.
  std::uint64_t id = 0;
};

// Of a filesystem, as far as this process may use it.
struct Space {
  std::uint64_t total_bytes = 0, free_bytes = 0;
  std::optional<std::uint64_t> free_inodes;  // nullopt: there is no limit, or it cannot be told
};

// `was_there`: something of that name, not always a directory.
enum class MadeDirectory { made, was_there, no_parent };

// What is below a directory, by paths relative to it, for less than by whole paths: the kernel
// walks to the directory but once. Answers and failures are those of Files. Thread-safe.
class Folder {
 public:
  virtual ~Folder() = default;

  // Of a whole file, up to `max_bytes`: more is an error. nullopt: there is no such file.
  virtual std::optional<std::string> read(const std::string& path, std::size_t max_bytes) = 0;
  virtual std::optional<FileStatus> status(const std::string& path) = 0;
  virtual bool remove_file(const std::string& path) = 0;
  virtual bool remove_directory(const std::string& path) = 0;
};

// The system calls that the store uses, and no others: tests put faults and power losses in here.
// Thread-safe. Absence (also of a parent, or a parent that is no directory) is an answer; every
// other failure throws std::system_error with the path in its text.
class Files {
 public:
  // Returning false ends the listing.
  using Visitor = std::function<bool(std::string_view name, FileKind kind)>;

  virtual ~Files() = default;

  virtual std::unique_ptr<File> open(const Path& path) = 0;  // to read; nullptr: no such file
  virtual std::unique_ptr<File> open_for_write(const Path& path) = 0;  // to read and write as well
  // Makes a new, empty file, to be read and written. nullptr: the directory is absent.
  virtual std::unique_ptr<File> create(const Path& path) = 0;
  virtual std::optional<FileStatus> status(const Path& path) = 0;
  // Replaces `to` in one step. False: `from` or the directory of `to` is absent.
  virtual bool rename(const Path& from, const Path& to) = 0;
  virtual bool remove_file(const Path& path) = 0;       // false: absent
  virtual bool remove_directory(const Path& path) = 0;  // false: absent, or not empty
  virtual MadeDirectory make_directory(const Path& path) = 0;
  // In no order, without "." and "..". False: absent.
  virtual bool list(const Path& path, const Visitor& visit) = 0;
  // Which of the paths below the directory there are, for much less than a status of each. False
  // also where that cannot be told.
  virtual std::vector<bool> exist_below(const Path& directory,
                                        const std::vector<std::string>& paths);
  // Of a directory that stays what it is; where it is absent, all below it is. Not to outlive this.
  virtual std::unique_ptr<Folder> folder(const Path& directory);
  // Of the filesystem that holds `path`; nullopt: it cannot be told.
  virtual std::optional<Space> space(const Path& path);
  virtual void sync_directory(const Path& path) = 0;
  // Everything on the filesystem that holds `path` survives a power loss once this returns.
  virtual void sync_filesystem(const Path& path) = 0;
};

// The kernel's.
std::unique_ptr<Files> make_posix_files();

}  // namespace registry::base
