#pragma once

#include <optional>

#include "registry/content/content.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"
#include "retention_decision.hpp"

namespace registry::maintenance {

// Reads what a repository holds, for retention and eviction. Blocking.
class RetentionReader {
 public:
  // `with_needs`: also what each manifest needs.
  RetentionReader(content::Content& content, storage::Driver& driver, bool with_needs = false)
      : content_(content), driver_(driver), with_needs_(with_needs) {}

  // nullopt: a part of it cannot be read, and might need or name any of the rest; this is logged.
  std::optional<SeenRepository> read(const oci::RepositoryName& name);

 private:
  bool read_tags(const oci::RepositoryName& name, SeenRepository& seen);
  bool read_manifests(const oci::RepositoryName& name, SeenRepository& seen);
  bool read_manifest(const oci::RepositoryName& name, const oci::Digest& sha256,
                     SeenRepository& seen);
  SeenManifest read_content(const oci::RepositoryName& name, const oci::Digest& sha256);
  std::optional<oci::Digest> stored_as(const oci::RepositoryName& name, const oci::Digest& digest);
  void add_sizes(const oci::Digest& sha256, const std::vector<oci::Digest>& references,
                 SeenManifest& manifest);
  void add_needs(const oci::RepositoryName& name, const std::vector<oci::Digest>& references,
                 SeenManifest& manifest);

  content::Content& content_;
  storage::Driver& driver_;
  const bool with_needs_;
};

}  // namespace registry::maintenance
