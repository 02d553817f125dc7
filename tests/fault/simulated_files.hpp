#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "registry/base/files.hpp"

namespace registry::fault {

// What a power loss takes away of what was not synced.
enum class Loss {
  everything,  // neither names nor bytes survive
  bytes,       // all names do, with the bytes that were synced: empty and short files
  by_chance,   // names up to some moment, and some of the bytes
};

// A filesystem in memory that knows what would survive a power loss: the content of a file since
// its last sync, the names in a directory since the directory's last sync. A rename is one step, as
// in every journal. Calls are counted, and one of them can be made to fail, to be the last that the
// process makes, or to be interrupted. Thread-safe.
class SimulatedFiles final : public base::Files {
 public:
  SimulatedFiles();

  // The call number `n` from now (1: the next) fails with `error`, before it has any effect.
  void fail_call(std::size_t n, int error);
  // It and all that follow fail: the process has been killed there.
  void crash_at_call(std::size_t n);
  // Before that call, `interruption` runs, once, on the thread that makes it.
  void interrupt_call(std::size_t n, std::function<void()> interruption);
  void crash_now();
  // Calls since the last of the above, or since the start.
  std::size_t calls() const;

  // The process is gone; what it had written stays, as after kill -9.
  void restart();
  // The machine was off for a moment: what was not synced may be gone.
  void lose_power(Loss loss, unsigned seed);

  std::unique_ptr<base::File> open(const base::Path& path) override;
  std::unique_ptr<base::File> open_for_write(const base::Path& path) override;
  std::unique_ptr<base::File> create(const base::Path& path) override;
  std::optional<base::FileStatus> status(const base::Path& path) override;
  bool rename(const base::Path& from, const base::Path& to) override;
  bool remove_file(const base::Path& path) override;
  bool remove_directory(const base::Path& path) override;
  base::MadeDirectory make_directory(const base::Path& path) override;
  bool list(const base::Path& path, const Visitor& visit) override;
  void sync_directory(const base::Path& path) override;
  void sync_filesystem(const base::Path& path) override;

 private:
  friend class SimulatedFile;

  struct Node {
    bool is_directory = false;
    std::string content, synced_content;
    std::chrono::system_clock::time_point modified = std::chrono::system_clock::now();
    std::map<std::string, std::shared_ptr<Node>> entries, base_entries;
  };
  using NodePtr = std::shared_ptr<Node>;
  struct Change {
    NodePtr directory;
    std::string name;
    NodePtr target;  // nullptr: the name is gone
  };
  struct Step {
    std::vector<Change> changes;
    bool durable = false;
  };

  void count();
  NodePtr find(const base::Path& path) const;
  NodePtr parent_of(const base::Path& path) const;
  void apply(std::vector<Change> changes);
  void settle(const NodePtr& node);
  static std::string partly_lost(const Node& node, std::mt19937& random);

  mutable std::mutex mutex_;
  NodePtr root_;
  std::vector<std::weak_ptr<Node>> nodes_;
  std::vector<Step> steps_;
  std::size_t calls_ = 0, fail_at_ = 0, crash_at_ = 0, interrupt_at_ = 0;
  int error_ = 0;
  bool crashed_ = false;
  std::function<void()> interruption_;
};

}  // namespace registry::fault
