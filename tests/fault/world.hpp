#pragma once

#include <memory>
#include <optional>
#include <string>

#include "registry/base/pool.hpp"
#include "registry/content/content.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "simulated_files.hpp"

namespace registry::fault {

inline const base::Path kRoot = "/store";

// One process on the store: everything from the driver up. Ends like a process: whatever is in
// memory is gone, and what it has not written never will be.
struct World {
  explicit World(base::Files& files);

  base::Pool io{"io", 2};
  std::unique_ptr<storage::Driver> driver;
  content::Acceptance acceptance;
  content::Content content{*driver, acceptance, io};

  // As a client does it; each throws unless the registry would have answered with success.
  void push_blob(const oci::RepositoryName& name, const std::string& bytes);
  void push_manifest(const oci::RepositoryName& name, const content::Reference& reference,
                     const std::string& bytes, const std::vector<oci::Tag>& more_tags = {});

  std::optional<std::string> read_blob(const oci::RepositoryName& name, const oci::Digest& digest);
};

oci::RepositoryName repository(const std::string& text);
oci::Tag tag(const std::string& text);
// An OCI manifest with these blobs, the first of them the config.
std::string manifest_of(const std::vector<std::string>& blobs);
// The same, with a subject.
std::string referrer_of(const oci::Digest& subject, const std::vector<std::string>& blobs);

// Everything that the store shows is whole: what a tag points to is there, what a manifest
// references is there, and every content has its digest.
void expect_whole(World& world);

}  // namespace registry::fault
