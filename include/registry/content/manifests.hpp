#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "registry/content/acceptance.hpp"
#include "registry/content/last_uses.hpp"
#include "registry/content/pins.hpp"
#include "registry/content/recent.hpp"
#include "registry/content/reference_counts.hpp"
#include "registry/content/referrers.hpp"
#include "registry/content/repository_locks.hpp"
#include "registry/content/tags.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

struct CheckedReferences;

inline constexpr std::size_t kSmallManifestBytes = 64 * 1024;  // nearly every one there is

// Blobs that were hashed again and found whole, so that the next wrong size for one of them costs
// no more than that. Remembers some thousand. Thread-safe.
class KnownWhole {
 public:
  void add(const oci::Digest& sha256, std::uint64_t size_bytes) {
    constexpr std::size_t kMost = 4096;
    const std::scoped_lock lock(mutex_);
    if (sizes_.size() >= kMost) sizes_.clear();
    sizes_[sha256] = size_bytes;
  }
  bool contains(const oci::Digest& sha256, std::uint64_t size_bytes) {
    const std::scoped_lock lock(mutex_);
    const auto found = sizes_.find(sha256);
    return found != sizes_.end() && found->second == size_bytes;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<oci::Digest, std::uint64_t> sizes_;
};

using Reference = std::variant<oci::Tag, oci::Digest>;

struct FoundManifest {
  oci::Digest digest;  // that it was asked for by, or that the tag was pushed with
  oci::Digest sha256;  // that it is stored under
  std::uint64_t size_bytes;
};

// What `fetch` has found.
struct FetchedManifest {
  FoundManifest found;
  std::shared_ptr<const StoredManifest> small;  // nullptr: it is a large one
  std::shared_ptr<Use> use;
};

// Throws where what a reference has at the moment is not what the client has seen; empty: the
// client does not care. Runs while nobody else can change it.
using Precondition = std::function<void(const std::optional<oci::Digest>& current)>;

// What a client pushes. Lives as long as the put.
struct PushedManifest {
  Reference reference;
  std::vector<oci::Tag> more_tags;         // beside a digest (spec end-7b)
  std::optional<oci::MediaType> declared;  // as in oci::read_manifest
  const std::string& content;
  Precondition precondition;
};

struct PutManifest {
  oci::Digest digest;  // by the algorithm of the reference
  std::optional<oci::Digest> subject;
};

// The manifests of the repositories. One is there when the repository has a revision link to it
// and its content is stored. Thread-safe.
class Manifests {
 public:
  Manifests(storage::Driver& driver, Pins& pins, RepositoryLocks& locks, Tags& tags,
            Referrers& referrers, const Acceptance& acceptance, Recent& recent, LastUses& uses,
            ReferenceCounts& counts);

  // What was read lately; nullptr: it has to be fetched. A promise, as `find`. Does not block.
  std::shared_ptr<const StoredManifest> recent(const oci::RepositoryName& name,
                                               const Reference& reference);
  // `find`, and `read` as well where it is small. Blocking.
  std::optional<FetchedManifest> fetch(const oci::RepositoryName& name, const Reference& reference);

  // nullopt: absent. A promise, as Blobs::stat. Blocking, as are the three below.
  std::optional<FoundManifest> find(const oci::RepositoryName& name, const Reference& reference);
  // The content of what `find` has found, whole; nullopt: it is gone.
  std::optional<StoredManifest> read(const FoundManifest& found);
  std::unique_ptr<storage::BlobReader> open(const FoundManifest& found);

  // Stores the content and points the tags there; durable. Throws Error for content that cannot be
  // accepted, ErrorList for what it references and the repository lacks. Blocking.
  PutManifest put(const oci::RepositoryName& name, const PushedManifest& pushed);

  // Of a digest: takes the tags that point to the manifest away, then the manifest. Of a tag: takes
  // that alone away. False: absent. Durable. Blocking.
  bool remove(const oci::RepositoryName& name, const Reference& reference,
              const Precondition& precondition = {});

  // Takes the tag away unless somebody has pushed it since. Durable. Blocking.
  bool remove_tag_pushed_before(const oci::RepositoryName& name, const oci::Tag& tag,
                                base::WallTime time);

  // For retention, which is told nothing and promises nothing. Durable. Blocking.
  //
  // Takes the tag away where it points to `sha256` and nobody has pushed it since `pushed`.
  bool remove_tag_as_seen(const oci::RepositoryName& name, const oci::Tag& tag,
                          const oci::Digest& sha256, base::WallTime pushed);
  // Takes those of the manifests away to which no tag points, and that nobody relies on: see
  // Pins::begin_removal. Returns them.
  std::vector<oci::Digest> remove_untagged(const oci::RepositoryName& name,
                                           const std::vector<oci::Digest>& manifests,
                                           Pins::Clock::time_point cutoff);

 private:
  // A manifest that was understood.
  struct Parsed {
    oci::Digest sha256, named;  // `named`: by the algorithm of the reference
    oci::Manifest manifest;
    std::vector<oci::Digest> references;  // as who reads it from the store sees them
  };

  std::optional<FoundManifest> find_digest(const oci::RepositoryName& name,
                                           const oci::Digest& digest);
  static Parsed parse(const PushedManifest& pushed);
  CheckedReferences check_and_store(const oci::RepositoryName& name, const PushedManifest& pushed,
                                    const Parsed& parsed);
  void store(const oci::RepositoryName& name, const PushedManifest& pushed, const Parsed& parsed);
  void store_content(const oci::Digest& sha256, const std::string& content);
  void forget(const oci::RepositoryName& name, const PushedManifest& pushed, const Parsed& parsed);
  bool remove_tag(const oci::RepositoryName& name, const oci::Tag& tag);
  bool remove_manifest(const oci::RepositoryName& name, const oci::Digest& digest);
  bool remove_revision(const oci::RepositoryName& name, const oci::Digest& sha256);
  void let_go_of(const oci::RepositoryName& name, const oci::Digest& sha256,
                 const oci::StoredDocument& document);
  void tidy_up(const oci::RepositoryName& name, const std::string& content,
               const oci::StoredDocument& document);

  storage::Driver& driver_;
  Pins& pins_;
  RepositoryLocks& locks_;
  Tags& tags_;
  Referrers& referrers_;
  const Acceptance& acceptance_;
  Recent& recent_;
  LastUses& uses_;
  ReferenceCounts& counts_;
  KnownWhole whole_;
};

}  // namespace registry::content
