#pragma once

#include <optional>

#include "registry/content/content.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"
#include "retention_decision.hpp"

namespace registry::maintenance {

// Reads what a repository holds, for retention. Blocking.
class RetentionReader {
 public:
  RetentionReader(content::Content& content, storage::Driver& driver)
      : content_(content), driver_(driver) {}

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

  content::Content& content_;
  storage::Driver& driver_;
};

}  // namespace registry::maintenance
