#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "registry/base/pool.hpp"
#include "registry/content/pins.hpp"
#include "registry/content/repository_locks.hpp"
#include "registry/content/tags.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

namespace net = boost::asio;

using Reference = std::variant<oci::Tag, oci::Digest>;

struct FoundManifest {
  oci::Digest digest;
  std::uint64_t size_bytes;
};

struct StoredManifest {
  oci::Digest digest;
  std::string media_type;
  std::string content;
};

// The manifests of the repositories. One is there when the repository has a revision link to it
// and its content is stored. Thread-safe.
class Manifests {
 public:
  Manifests(storage::Driver& driver, Pins& pins, RepositoryLocks& locks, Tags& tags, base::Pool& io,
            base::Pool& hashing);

  // nullopt: absent. A promise, as Blobs::stat. Blocking, as are the three below.
  std::optional<FoundManifest> find(const oci::RepositoryName& name, const Reference& reference);
  // The content of what `find` has found, whole; nullopt: it is gone.
  std::optional<StoredManifest> read(const oci::Digest& sha256);
  std::unique_ptr<storage::BlobReader> open(const oci::Digest& sha256);
  // Both in one.
  std::optional<StoredManifest> get(const oci::RepositoryName& name, const Reference& reference);

  // Stores `content` and, where `reference` is a tag, points it there; durable. `declared` as in
  // oci::read_manifest. Throws Error for content that cannot be accepted, ErrorList for what it
  // references and the repository lacks.
  net::awaitable<oci::Digest> put(const oci::RepositoryName& name, const Reference& reference,
                                  const std::string& content,
                                  std::optional<oci::MediaType> declared);

  // Takes the tags that point to the manifest away, then the manifest. False: absent. Durable.
  // Blocking.
  bool remove(const oci::RepositoryName& name, const oci::Digest& digest);
  // Takes the tag alone away. False: absent. Durable. Blocking.
  bool remove(const oci::RepositoryName& name, const oci::Tag& tag);

 private:
  struct Pushed {
    oci::Digest digest;
    oci::Manifest manifest;
  };
  struct Checked {
    std::vector<std::string> missing;         // digests that the repository lacks
    std::vector<oci::Descriptor> suspicious;  // whose size is not that of the stored blob
  };

  bool has_manifest(const oci::RepositoryName& name, const oci::Digest& sha256);
  Checked check_references(const oci::RepositoryName& name, const oci::Manifest& manifest);
  void check_reference(const oci::RepositoryName& name, const oci::Descriptor& descriptor,
                       bool may_be_manifest, Checked& checked);
  Checked check_and_store(const oci::RepositoryName& name, const Reference& reference,
                          const std::string& content, const Pushed& pushed);
  static Pushed parse_pushed(const Reference& reference, const std::string& content,
                             std::optional<oci::MediaType> declared);
  void store(const oci::RepositoryName& name, const oci::Digest& digest,
             const std::string& content);
  net::awaitable<void> settle(oci::Descriptor descriptor);
  bool quarantine_damaged(const oci::Digest& digest, std::uint64_t damaged_size);

  storage::Driver& driver_;
  Pins& pins_;
  RepositoryLocks& locks_;
  Tags& tags_;
  base::Pool& io_;
  base::Pool& hashing_;
};

}  // namespace registry::content
