#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry/base/files.hpp"

namespace registry::storage {

// What a write has to survive before it returns. Either way a reader sees the old content or the
// new, never a part.
enum class Survives { process_crash, power_loss };

struct Status {
  bool is_directory = false;
  std::uint64_t size_bytes = 0;
  std::chrono::system_clock::time_point modified;  // of a directory: where the store has any
  // Of a file: tells it from any other that has its path before or after it, as long as it is open.
  std::uint64_t id = 0;
};

struct Entry {
  std::string name;
  bool is_directory = false;
  bool leads_nowhere = false;  // a symbolic link to what is not there
};

// A blob that is being read. Blocking; used by one thread at a time.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual std::uint64_t size() const = 0;
  // As Status::id, of what is read here, whatever the path leads to by now.
  virtual std::uint64_t id() const = 0;
  // Fewer bytes than asked for only at the end.
  virtual std::size_t read(std::uint64_t offset, std::span<std::byte> out) = 0;
  // For sendfile; nullopt where there is no file behind it. Lives as long as the reader.
  virtual std::optional<int> descriptor() const = 0;
};

// The data of an upload, to which bytes are added at the end. Blocking; used by one thread at a
// time; after a throw the bytes behind the last sync are unknown.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual std::uint64_t size() const = 0;
  virtual void write(std::span<const std::byte> data) = 0;
  virtual void truncate(std::uint64_t size) = 0;
  // Takes room for so many bytes behind the end before they come. False: the store cannot. Throws
  // where there is none.
  virtual bool allocate(std::uint64_t bytes) = 0;
  // What was allocated and has not come; as `sync` does.
  virtual void give_back() = 0;
  // All written so far survives a power loss, as soon as its name does.
  virtual void sync() = 0;
  // Moves the data to `path`, replacing what is there; both survive a power loss. Syncs first. The
  // writer is of no use afterwards.
  virtual void commit(const std::string& path) = 0;
};

// Of a folder: a file or a directory in it.
struct Known {
  std::string path;
  bool is_directory = false;
};

// What is below a directory of the store, by paths relative to it, for less than by whole paths
// where there is much of it. Answers and failures are the driver's. Blocking; thread-safe; for as
// long as nobody moves the directory; not to outlive the driver.
class Folder {
 public:
  virtual ~Folder() = default;
  virtual std::optional<std::string> get(const std::string& path, std::size_t max_bytes) = 0;
  virtual std::optional<Status> stat(const std::string& path) = 0;
  // A directory with all that is in it, piece by piece: a crash in between leaves a part of it.
  // Survives no power loss. `known` is what is thought to be in there, each thing behind what is in
  // it: where that is all, nobody has to look.
  virtual void remove_tree(const std::string& directory, const std::vector<Known>& known) = 0;
};

// A store of files under "/"-separated relative paths, which paths.hpp makes out of validated
// values. Blocking: it is called on a pool. Thread-safe. Absence, also of a parent, is an answer;
// other failures throw std::system_error. What a method made durable, and only that, is seen by
// others: nobody relies on a file that a power loss could take away. Passes
// tests/storage/driver_contract.hpp.
class Driver {
 public:
  virtual ~Driver() = default;

  // More than `max_bytes` is an error: small files are read whole, blobs are not.
  virtual std::optional<std::string> get(const std::string& path, std::size_t max_bytes) = 0;
  virtual void put(const std::string& path, std::string_view content, Survives survives) = 0;
  // A new file, written in place: for less than a put, where nobody knows of it before this returns
  // or its content proves itself, since a crash may leave a part of it. Survives a process crash.
  virtual void make(const std::string& path, std::string_view content) = 0;
  virtual std::optional<Status> stat(const std::string& path) = 0;
  // Up to `limit` names below the directory, in byte order, behind `after`. nullopt: absent.
  virtual std::optional<std::vector<Entry>> list(const std::string& path, std::string_view after,
                                                 std::size_t limit) = 0;
  // All names in the directory, in no order and in one go, as long as `visit` returns true: for
  // what is too much to be listed. False: absent.
  using Visitor = std::function<bool(const Entry& entry)>;
  virtual bool visit(const std::string& path, const Visitor& visit) = 0;
  // Which of the paths below the directory there are, for less than a `stat` of each. False also
  // where that cannot be told at once: a `stat` says more.
  virtual std::vector<bool> exist_below(const std::string& directory,
                                        const std::vector<std::string>& paths) = 0;
  // Of a directory, which may be absent. By the methods above where a driver knows no better.
  virtual std::unique_ptr<Folder> folder(const std::string& directory);
  // False: there was none.
  virtual bool remove(const std::string& path, Survives survives) = 0;
  // A directory with all below it, in one step. False: there was none.
  virtual bool remove_tree(const std::string& path, Survives survives) = 0;
  // A directory with nothing in it. False: it is still there. Survives no power loss.
  virtual bool remove_directory(const std::string& path) = 0;
  // Replaces `to`. False: `from` is absent. Survives a power loss. After a failure it is at one of
  // the two.
  virtual bool move(const std::string& from, const std::string& to) = 0;
  // Where the store has directories; they come by themselves with the files in them.
  virtual void make_directory(const std::string& path) = 0;

  // Of the volume that holds the store; nullopt: there is none, or it cannot be told. Never throws.
  virtual std::optional<base::Space> space() { return std::nullopt; }

  // All that was done so far survives a power loss.
  virtual void sync() = 0;

  virtual std::unique_ptr<BlobReader> open(const std::string& path) = 0;  // nullptr: absent
  // To write on at the end of what is there; makes the file where there is none.
  virtual std::unique_ptr<BlobWriter> append(const std::string& path) = 0;
};

}  // namespace registry::storage
