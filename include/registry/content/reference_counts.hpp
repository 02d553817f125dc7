#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"

namespace registry::content {

// How many manifests need each blob, in the store and in each repository, so that a delete costs
// what it deletes. A manifest needs itself, and what it names but its subject. In memory alone:
// counted by a mark of the whole store, and told of each change from then on; nothing is known
// before, nor where it would take more than `most_bytes`, nor while a manifest names anything by
// another digest than that which it is stored under.
//
// A count may be too high, never too low: a manifest is added before it can be seen, and taken off
// after it is gone for good; keys are shortened, and two that fall together share their sum.
// Thread-safe.
class ReferenceCounts {
 public:
  using Clock = std::chrono::steady_clock;

  // What no manifest of the repository needs any more, and since when.
  struct LetGo {
    oci::RepositoryName repository;
    oci::Digest sha256;
    Clock::time_point since;
  };

  explicit ReferenceCounts(std::size_t most_bytes = kDefaultBytes);

  // A manifest that is stored under `sha256` comes to a repository, or is there already.
  void add(const oci::RepositoryName& name, const oci::Digest& sha256,
           std::span<const oci::Digest> references);
  // It is gone for good. `references`: those that it was added with.
  void remove(const oci::RepositoryName& name, const oci::Digest& sha256,
              std::span<const oci::Digest> references);

  // Of the store; of a repository. nullopt: not known.
  std::optional<std::size_t> needed_by(const oci::Digest& sha256) const;
  std::optional<std::size_t> needed_by(const oci::RepositoryName& name,
                                       const oci::Digest& sha256) const;
  std::optional<std::size_t> manifests_in(const oci::RepositoryName& name) const;

  bool is_known() const;
  // When the first of what was let go of was; nullopt: nothing was, or the counts are not known.
  std::optional<Clock::time_point> first_let_go() const;
  // What was let go of before `cutoff`: it is the caller's from now on. nullopt: the counts are not
  // known, and the whole store has to be marked.
  std::optional<std::vector<LetGo>> take_let_go(Clock::time_point cutoff);

  // Somebody relies on these, or was told of them: they are let go of anew.
  void let_go_again(std::vector<LetGo> kept);

  // Counts the whole store again, while it changes: one at a time. Ended without `finish`, nothing
  // is known until the next one.
  class Recount {
   public:
    explicit Recount(ReferenceCounts& counts);
    Recount(const Recount&) = delete;
    Recount& operator=(const Recount&) = delete;
    ~Recount();

    // A manifest was found in the repository; it may be gone meanwhile.
    void seen(const oci::RepositoryName& name, const oci::Digest& sha256,
              std::span<const oci::Digest> references);
    // All of the store was seen. Returns in how many counts those until now were wrong.
    std::size_t finish();

   private:
    ReferenceCounts& counts_;
    bool is_finished_ = false;
  };

  static constexpr std::size_t kDefaultBytes = std::size_t{16} << 20;

 private:
  struct Key {  // of a manifest of a repository: nobody can make two of them alike
    std::uint64_t high, low;
    friend bool operator==(const Key&, const Key&) = default;
    friend std::size_t hash_value(const Key& key) { return key.high; }
  };
  using ShortKey = std::uint64_t;

  struct Table {
    Table() : named_otherwise(0) {}  // no initializer: the class around it is not complete here
    boost::unordered_flat_set<Key> manifests;
    boost::unordered_flat_map<ShortKey, std::uint32_t> counts;
    std::size_t named_otherwise;  // manifests that name something by a sha512

    bool add(const Key& manifest, std::span<const ShortKey> keys, bool is_plain);
    bool remove(const Key& manifest, std::span<const ShortKey> keys, bool is_plain);
    std::size_t count_of(ShortKey key) const;
    std::size_t bytes() const;
  };
  // What one manifest counts for.
  struct Needs;

  Key salted(const oci::RepositoryName& name) const;
  Needs needs_of(const oci::RepositoryName& name, const oci::Digest& sha256,
                 std::span<const oci::Digest> references) const;
  bool has_counted() const;
  std::optional<std::size_t> count_of(ShortKey key) const;
  void note_let_go(const oci::RepositoryName& name, const Needs& needs);
  void bound(std::optional<Table>& table) const;

  const std::size_t most_bytes_;
  const std::string salt_;
  mutable std::mutex mutex_;
  std::optional<Table> known_, next_;
  bool is_recounting_ = false;
  boost::unordered_flat_set<Key> gone_meanwhile_;  // while it is recounted
  std::vector<LetGo> let_go_;                      // in the order of time
};

}  // namespace registry::content
