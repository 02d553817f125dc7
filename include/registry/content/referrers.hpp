#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/content/repository_locks.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// A manifest that names another one as its subject.
struct Referrer {
  oci::Digest digest;  // that it was pushed with
  oci::Digest sha256;
  std::uint64_t size_bytes;
  std::string media_type, artifact_type;
  std::vector<std::pair<std::string, std::string>> annotations;
};

struct ReferrersPage {
  std::vector<Referrer> referrers;
  std::string last;  // digest of the last one that was looked at; empty: no more follow
};

// Which manifests of a repository name which subject (spec "Listing Referrers"): links of ours
// beside 2.8's tree, which count only while the manifest itself is there. Before the first answer
// for a repository its manifests are read once in the life of the process, as 2.8 may have stored
// some meanwhile. Costs about 100 bytes for each repository that was asked for. Blocking;
// thread-safe.
class Referrers {
 public:
  Referrers(storage::Driver& driver, RepositoryLocks& locks) : driver_(driver), locks_(locks) {}

  // Durable. The caller holds the repository's lock.
  void add(const oci::RepositoryName& name, const oci::Digest& subject, const oci::Digest& named,
           const oci::Digest& sha256);
  void remove(const oci::RepositoryName& name, const oci::Digest& subject,
              const oci::Digest& named);

  // Comes before `list`, and may take long: apart, so that who waits for it holds nothing.
  void read_manifests_once(const oci::RepositoryName& name);
  // In the order of their digests, behind `after`: as many as fit into one answer; of this artifact
  // type, where one is given.
  ReferrersPage list(const oci::RepositoryName& name, const oci::Digest& subject,
                     std::string_view after, std::size_t limit,
                     std::optional<std::string_view> artifact_type);

 private:
  void add_unless_known(const oci::RepositoryName& name, const oci::Digest& sha256);
  std::vector<oci::Digest> digests_behind(const oci::RepositoryName& name,
                                          const oci::Digest& subject, std::string_view after,
                                          std::size_t limit);
  std::optional<Referrer> find(const oci::RepositoryName& name, const oci::Digest& subject,
                               const oci::Digest& digest);

  storage::Driver& driver_;
  RepositoryLocks& locks_;
  RepositoryLocks reading_;
  std::mutex mutex_;
  std::set<std::string> read_;  // repositories whose manifests were read
};

}  // namespace registry::content
