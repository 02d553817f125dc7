#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "registry/base/clock.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// The record of one manifest. Thread-safe, and waits for nobody: it is written to on the event
// loop. Times are whole seconds since 1970; 0: never.
struct Use {
  // Somebody has asked for the content. A HEAD does not count: pushes ask so whether the tag is
  // there already, and watchers whether it has moved; who pulls goes on with a GET of the digest.
  void pull(base::WallTime now);

  std::atomic<std::int64_t> pulled = 0;
  std::atomic<std::int64_t> untagged = 0;      // when a tag that led to it was moved or taken away
  std::atomic<bool> untagged_by_rule = false;  // the last of them by retention
};

// What is known of a manifest.
struct LastUse {
  std::optional<base::WallTime> pulled, untagged;
  bool untagged_by_rule = false;
};

// When the manifests of the repositories were last pulled, and last lost a tag. Kept in memory, in
// about 300 bytes each; those whose last use is the longest ago are dropped where there are too
// many. On disk (paths::kLastUses) it is as `save` left it. Thread-safe.
class LastUses {
 public:
  static constexpr std::size_t kMost = 50'000;

  explicit LastUses(storage::Driver& driver, std::size_t most = kMost,
                    base::WallTime start = std::chrono::system_clock::now());

  // Adds what an earlier process has saved, once. A file that cannot be understood counts as
  // absent, with a warning. Blocking.
  void load();
  // Writes all of it where a pull is newer by an hour than what was written of it, or a loss of a
  // tag was not; with `all`, where anything was not. Nothing before `load`. Throws where it cannot
  // be written; the next call tries again. Blocking.
  void save(bool all = false);

  // Of a manifest that is being read; made where there is none.
  std::shared_ptr<Use> of(const oci::RepositoryName& name, const oci::Digest& sha256);
  void untagged(const oci::RepositoryName& name, const oci::Digest& sha256, base::WallTime now,
                bool by_rule);
  void forget(const oci::RepositoryName& name, const oci::Digest& sha256);

  // `pushed`: when the manifest was. What happened before anybody kept records is not known: then
  // it counts as pulled when that began, if it was there already.
  LastUse find(const oci::RepositoryName& name, const oci::Digest& sha256,
               base::WallTime pushed) const;

 private:
  struct Entry {
    std::shared_ptr<Use> use;
    std::int64_t written_pulled = 0, written_untagged = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  static bool is_due(const Entry& entry, bool all);
  std::string text();
  bool take(const std::string& text);
  bool take_line(const std::string& line);
  Entry& entry_of(const std::string& key);
  void make_room();

  storage::Driver& driver_;
  const std::size_t most_;
  std::mutex file_;  // taken before `mutex_`
  bool is_loaded_ = false, must_write_ = false;
  mutable std::mutex mutex_;
  Entries entries_;     // by "<repository> <digest>"
  std::int64_t since_;  // all uses from then on are known
};

}  // namespace registry::content
