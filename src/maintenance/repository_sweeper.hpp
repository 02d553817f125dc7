#pragma once

#include <functional>
#include <string>
#include <vector>

#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"
#include "repository_marker.hpp"

namespace registry::maintenance {

// Removes from one repository what its marker says that nothing needs: links, and what stands
// beside them. Each thing is said before it goes; in a dry run it stays. What cannot be removed is
// logged.
class RepositorySweeper {
 public:
  using Say = std::function<void(const std::string& line)>;

  RepositorySweeper(storage::Driver& driver, const oci::RepositoryName& name,
                    const RepositoryMarker& marker, bool dry_run, Say say)
      : driver_(driver), name_(name), marker_(marker), dry_run_(dry_run), say_(std::move(say)) {}

  // Those manifests that do not stay; returns the ones that are still there, as they cannot be
  // removed. Comes first.
  std::vector<oci::Digest> remove_manifests();
  void sweep();
  std::size_t failed() const { return failed_; }

 private:
  void sweep_revisions();
  void sweep_tags();
  void sweep_tag(const std::string& text);
  void sweep_layers();
  void sweep_aliases();
  void sweep_tag_aliases();
  void sweep_referrers();
  void sweep_uploads();
  bool leads_nowhere(const std::string& link_path);
  bool remove(const std::string& what, const std::string& path);

  storage::Driver& driver_;
  const oci::RepositoryName& name_;
  const RepositoryMarker& marker_;
  const bool dry_run_;
  const Say say_;
  std::size_t failed_ = 0;
};

}  // namespace registry::maintenance
