#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "digest_set.hpp"
#include "links.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

// What the manifests of one repository need. Reads all of them. Used by one thread;
// several may ask what it keeps and needs.
class RepositoryMarker {
 public:
  RepositoryMarker(const Tools& tools, oci::RepositoryName name)
      : tools_(tools), driver_(tools.driver), name_(std::move(name)) {}

  // Finds the manifests that stay: all, or with `delete_untagged` those that a tag leads to or that
  // somebody was told of lately, what they lead to, and what refers to one of them; then marks them
  // and all that they reference.
  void mark(bool delete_untagged, DigestSet& marked);
  // One that was to go and is still there: so it is to be whole, with what it leads to and what
  // refers to it.
  void keep_after_all(const oci::Digest& sha256, DigestSet& marked);
  // Those of the doomed that nothing leads to but what is gone already; `gone` and these in turn
  // come to all of them. Whoever removes them so never leaves one without what it leads to.
  std::vector<oci::Digest> next_to_go(const std::set<oci::Digest>& gone);

  const std::vector<oci::Digest>& doomed() const { return doomed_; }  // manifests that do not stay
  bool keeps(const oci::Digest& sha256) const { return kept_.contains(sha256); }
  // Of one that it has seen.
  const std::vector<oci::Digest>& references_of(const oci::Digest& sha256) const;
  bool has_seen(const oci::Digest& sha256) const { return manifests_.contains(sha256); }
  // Whether a manifest that stays references the blob; every blob where that cannot be known.
  bool needs_layer(const oci::Digest& sha256) const {
    return needs_every_layer_ || needed_.contains(sha256);
  }
  std::size_t damaged() const { return damaged_; }
  // There may be manifests here that nobody can see: whatever they need is not known.
  bool is_unknown() const { return is_unknown_; }

 private:
  struct Manifest {
    bool is_damaged = false;  // what it references is not known
    bool is_hidden = false;   // it may be whole, and nobody can see of what it speaks
    std::vector<oci::Digest> references;
    std::optional<oci::Digest> subject;
  };

  void read_revisions();
  void read_some(std::span<const oci::Digest> revisions);
  std::optional<Manifest> try_manifest(const oci::Digest& sha256) const noexcept;
  Manifest read_manifest(const oci::Digest& sha256);
  std::optional<std::set<oci::Digest>> tagged();
  void choose(bool delete_untagged);
  std::vector<oci::Digest> roots(bool delete_untagged);
  void keep(std::vector<oci::Digest> roots);
  oci::Digest stored_as(const oci::Digest& digest);
  oci::Digest look_up(const oci::Digest& sha512);
  void mark_one(const oci::Digest& sha256, const Manifest& manifest, DigestSet& marked);
  void mark_every_layer(DigestSet& marked);
  void mark_layer(const oci::Digest& digest, DigestSet& marked);

  const Tools& tools_;
  storage::Driver& driver_;
  const oci::RepositoryName name_;
  std::map<oci::Digest, Manifest> manifests_;
  std::map<oci::Digest, oci::Digest> looked_up_;  // sha512 -> what it is stored as
  std::set<oci::Digest> kept_, needed_;
  std::vector<oci::Digest> doomed_;
  bool needs_every_layer_ = false, is_unknown_ = false;
  std::size_t damaged_ = 0;
};

}  // namespace registry::maintenance
