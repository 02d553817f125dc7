#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace registry::storage {

namespace net = boost::asio;

// What a write has to survive before it returns. Either way a reader sees the old content or the
// new, never a part.
enum class Survives { process_crash, power_loss };

struct Status {
  bool is_directory = false;
  std::uint64_t size_bytes = 0;
  std::chrono::system_clock::time_point modified;  // of a directory: where the store has any
};

struct Entry {
  std::string name;
  bool is_directory = false;
  bool leads_nowhere = false;  // a symbolic link to what is not there
};

// A blob that is being read. Used by one coroutine at a time.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual std::uint64_t size() const = 0;
  // Fewer bytes than asked for only at the end.
  virtual net::awaitable<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) = 0;
  // For sendfile; nullopt where there is no file behind it. Lives as long as the reader.
  virtual std::optional<int> descriptor() const = 0;
};

// The data of an upload, to which bytes are added at the end. Used by one coroutine at a time;
// after a throw the bytes behind the last sync are unknown.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual std::uint64_t size() const = 0;
  virtual void write(std::span<const std::byte> data) = 0;  // blocking
  virtual net::awaitable<void> truncate(std::uint64_t size) = 0;
  // All written so far survives a power loss, as soon as its name does.
  virtual net::awaitable<void> sync() = 0;
  // Moves the data to `path`, replacing what is there; both survive a power loss. Syncs first. The
  // writer is of no use afterwards.
  virtual net::awaitable<void> commit(const std::string& path) = 0;
};

// A store of files under "/"-separated relative paths, which paths.hpp makes out of validated
// values. Thread-safe. Absence, also of a parent, is an answer; other failures throw
// std::system_error. What a method made durable, and only that, is seen by others: nobody relies
// on a file that a power loss could take away. Passes tests/storage/driver_contract.hpp.
class Driver {
 public:
  virtual ~Driver() = default;

  // More than `max_bytes` is an error: small files are read whole, blobs are not.
  virtual std::optional<std::string> get(const std::string& path, std::size_t max_bytes) = 0;
  virtual void put(const std::string& path, std::string_view content, Survives survives) = 0;
  virtual std::optional<Status> stat(const std::string& path) = 0;
  // Up to `limit` names below the directory, in byte order, behind `after`. nullopt: absent.
  virtual std::optional<std::vector<Entry>> list(const std::string& path, std::string_view after,
                                                 std::size_t limit) = 0;
  // False: there was none.
  virtual bool remove(const std::string& path, Survives survives) = 0;
  // A directory with all below it, in one step. False: there was none.
  virtual bool remove_tree(const std::string& path, Survives survives) = 0;
  // Replaces `to`. False: `from` is absent. Survives a power loss.
  virtual bool move(const std::string& from, const std::string& to) = 0;
  // Where the store has directories; they come by themselves with the files in them.
  virtual void make_directory(const std::string& path) = 0;

  // All that was done so far survives a power loss.
  virtual void sync() = 0;

  virtual std::unique_ptr<BlobReader> open(const std::string& path) = 0;  // nullptr: absent
  // To write on at the end of what is there; makes the file where there is none.
  virtual std::unique_ptr<BlobWriter> append(const std::string& path) = 0;
};

}  // namespace registry::storage
