#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "registry/base/pool.hpp"
#include "registry/content/catalog.hpp"
#include "registry/content/index_metrics.hpp"
#include "registry/content/name_set.hpp"
#include "registry/content/page.hpp"

namespace registry::content {

// The names of all repositories, as Catalog::list has them. Read from the store by one scan in the
// background, which the first list starts and does not wait for: until it is done, lists walk.
// Repositories that come into being here are added. What somebody else makes or removes shows with
// the next scan: one is started by a list when the last one is minutes old, or when the directory
// of all repositories was changed by others. Costs what a NameSet does, `most_bytes` at most: a
// store that needs more is walked. Blocking; thread-safe.
class CatalogIndex {
 public:
  using Clock = std::chrono::steady_clock;

  // `ending`: a scan under way is to end.
  CatalogIndex(storage::Driver& driver, base::Pool& pool, std::size_t most_bytes,
               IndexMetrics metrics = {}, const std::stop_token& ending = {});
  ~CatalogIndex();

  // Up to `limit` behind `after`, which need not exist.
  Listed list(std::string_view after, std::size_t limit, const EachName& each);
  Page list(std::string_view after, std::size_t limit);
  // Something was changed in the repository: perhaps it is new. Never throws.
  void changed(const oci::RepositoryName& name) noexcept;
  // It has nothing left, and is none any more.
  void removed(const oci::RepositoryName& name);

  // What is read again when it is asked for, by this clock. For tests.
  void expire();
  void wait_for_scan();

 private:
  void scan_if_due();
  void scan();
  std::optional<NameSet> read();
  void add(const oci::RepositoryName& name);
  std::optional<std::chrono::system_clock::time_point> modified();

  storage::Driver& driver_;
  base::Pool& pool_;
  const std::size_t most_bytes_;
  IndexMetrics metrics_;
  std::stop_source stop_;
  const std::stop_callback<std::function<void()>> on_ending_;
  Catalog walk_;

  std::atomic<bool> is_asked_for_ = false;  // a scan was begun
  std::mutex mutex_;                        // of what follows
  std::condition_variable scanned_;
  bool is_scanning_ = false;
  bool is_in_doubt_ = false;         // whether something was added while it goes on
  Clock::time_point due_, soonest_;  // the next scan; and where others have changed something
  std::optional<NameSet> names_;     // by key_of
  NameSet meanwhile_;                // what was added while a scan went on
  std::optional<std::chrono::system_clock::time_point> modified_;  // of the directory of all
};

}  // namespace registry::content
