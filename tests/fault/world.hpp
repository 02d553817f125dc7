#pragma once

#include <memory>
#include <optional>
#include <string>

#include "registry/base/pool.hpp"
#include "registry/content/blobs.hpp"
#include "registry/content/catalog.hpp"
#include "registry/content/manifests.hpp"
#include "registry/content/tags.hpp"
#include "registry/content/uploads.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "simulated_files.hpp"

namespace registry::fault {

inline const base::Path kRoot = "/store";

// One process on the store: everything from the driver up. Ends like a process: whatever is in
// memory is gone, and what it has not written never will be.
struct World {
  explicit World(base::Files& files);

  base::Pool io{"io", 8}, hashing{"hash", 2};
  std::unique_ptr<storage::Driver> driver;
  content::Pins pins{std::chrono::hours(1)};
  content::RepositoryLocks locks;
  content::Tags tags{*driver};
  content::Blobs blobs{*driver, pins, locks};
  content::Uploads uploads{*driver, pins, locks, io, hashing};
  content::Manifests manifests{*driver, pins, locks, tags, io};
  content::Catalog catalog{*driver};

  // As a client does it; each throws unless the registry would have answered with success.
  void push_blob(const oci::RepositoryName& name, const std::string& content);
  void push_manifest(const oci::RepositoryName& name, const content::Reference& reference,
                     const std::string& content);

  std::optional<std::string> read_blob(const oci::RepositoryName& name, const oci::Digest& digest);
};

oci::RepositoryName repository(const std::string& text);
oci::Tag tag(const std::string& text);
// An OCI manifest with these blobs, the first of them the config.
std::string manifest_of(const std::vector<std::string>& blobs);

// Everything that the store shows is whole: what a tag points to is there, what a manifest
// references is there, and every content has its digest.
void expect_whole(World& world);

}  // namespace registry::fault
