#pragma once

#include <span>
#include <string>
#include <vector>

#include "links.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"
#include "repository_marker.hpp"

namespace registry::maintenance {

// Removes from one repository what its marker says that nothing needs: links, and what stands
// beside them. Each thing is said before it goes; in a dry run it stays. What cannot be removed is
// logged.
class RepositorySweeper {
 public:
  RepositorySweeper(const Tools& tools, const oci::RepositoryName& name,
                    const RepositoryMarker& marker, bool dry_run)
      : tools_(tools), driver_(tools.driver), name_(name), marker_(marker), dry_run_(dry_run) {}

  // Those manifests that do not stay; returns the ones that are still there, as they cannot be
  // removed. Comes first.
  std::vector<oci::Digest> remove_manifests();
  void sweep();
  std::size_t failed() const { return failed_; }
  // Blobs whose links could not be removed: they must stay as well.
  const std::vector<oci::Digest>& still_linked() const { return still_linked_; }

 private:
  void sweep_revisions();
  void sweep_tags();
  bool is_clean_tag(storage::Folder& tags, const std::string& text) const noexcept;
  void sweep_tag(const std::string& text);
  void sweep_layers();
  void sweep_some_layers(const std::string& directory, std::span<const oci::Digest> digests);
  void sweep_aliases();
  void sweep_tag_aliases();
  void sweep_referrers();
  void sweep_uploads();
  bool leads_nowhere(const std::string& link_path);
  bool remove(const std::string& what, const std::string& path);
  std::vector<bool> remove_links(const std::string& directory,
                                 std::span<const oci::Digest> digests);
  void cannot_remove(const std::string& path, const std::string& why);

  const Tools& tools_;
  storage::Driver& driver_;
  const oci::RepositoryName& name_;
  const RepositoryMarker& marker_;
  const bool dry_run_;
  std::size_t failed_ = 0;
  std::vector<oci::Digest> still_linked_;
};

}  // namespace registry::maintenance
