#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "links.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"
#include "repository_marker.hpp"

namespace registry::maintenance {

// Removes from one repository what its marker says that nothing needs: links, and what stands
// beside them, while others may use it. What the marker saw is old by then: so each thing is looked
// at again, or asked for at the guard, under the repository's lock, which is held for some removals
// at a time. Each is said before it goes; in a dry run it stays. What cannot be removed is logged.
class RepositorySweeper {
 public:
  RepositorySweeper(const Tools& tools, const oci::RepositoryName& name,
                    const RepositoryMarker& marker, bool dry_run)
      : tools_(tools), driver_(tools.driver), name_(name), marker_(marker), dry_run_(dry_run) {}

  // Returns those of the manifests that are still there, as they cannot be removed or somebody
  // relies on them. Comes first.
  std::vector<oci::Digest> remove_manifests(std::span<const oci::Digest> manifests);
  void sweep();
  std::size_t failed() const { return failed_; }
  // Blobs whose links are still there: they must stay as well.
  const std::vector<oci::Digest>& still_linked() const { return still_linked_; }

 private:
  // A folder for a link, by its digest.
  struct Doomed {
    oci::Digest name;
    // What it leads to. nullopt: there is no link in the folder.
    std::optional<oci::Digest> leads_to;
    bool is_manifest = false;
  };

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
  void sweep_repository();
  bool is_gone(const oci::Digest& sha256);
  bool leads_nowhere(const std::string& link_path);
  bool has_nothing_in(const std::string& path);
  void remove_while(const std::function<bool()>& is_so, const std::string& what,
                    const std::string& path);
  std::vector<bool> remove_links(const std::string& directory, std::span<const Doomed> doomed);
  std::vector<bool> remove_some_links(const std::string& directory, std::span<const Doomed> doomed);
  void count_off(const oci::Digest& manifest);
  bool remove_link(storage::Folder& folder, const Doomed& doomed);
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
