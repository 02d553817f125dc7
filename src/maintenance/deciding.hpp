#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "retention_decision.hpp"

namespace registry::maintenance {

// What goes from a repository when some of its tags do: whoever derives from it says which. What
// belongs to a manifest goes with it; what something needs that stays, stays. Used once. No I/O.
class Deciding {
 public:
  virtual ~Deciding() = default;
  Deciding(const Deciding&) = delete;
  Deciding& operator=(const Deciding&) = delete;

  Decision decide();

 protected:
  using Tags = std::vector<const SeenTag*>;

  explicit Deciding(const SeenRepository& repository) : repository_(repository) {}

  // False: the tag stands for itself, whatever its name says.
  virtual bool may_follow(const SeenTag& /*tag*/) const { return true; }
  // `stay` or `go` for each tag that follows no subject.
  virtual void choose(const Tags& tags) = 0;
  // Why a tag goes whose subject is not here: it was deleted, or this is the signature of an image
  // elsewhere. nullopt: it stays.
  virtual std::optional<std::string> why_orphan_goes(const SeenTag& /*tag*/,
                                                     const SeenManifest& /*manifest*/) const {
    return std::nullopt;
  }
  // The same of a manifest that has no tag, and that nothing needs.
  virtual std::optional<std::string> why_untagged_goes(const SeenManifest& /*manifest*/) const {
    return std::nullopt;
  }

  void stay(const SeenTag& tag) { roots_.insert(tag.sha256); }
  void go(const SeenTag& tag, const std::string& why);
  // The manifest exceeds a limit.
  void lose(const oci::Digest& sha256, const std::string& why) { lost_.emplace(sha256, why); }

  const SeenManifest* find(const oci::Digest& sha256) const;
  // A manifest with all that belongs to it and that it needs, as far as `insert` returns true.
  void spread(const oci::Digest& root, const std::function<bool(const oci::Digest&)>& insert) const;
  bool is_kept(const oci::Digest& sha256) const { return kept_.contains(sha256); }

 private:
  void sort_tags();
  void find_what_belongs();
  void choose_orphans();
  void judge(const oci::Digest& sha256, const SeenManifest& manifest);
  bool follows(const oci::Digest& sha256) const;
  void keep(const oci::Digest& root);
  void keep_what_is_needed();
  void take_along();
  void take_followers();

  const SeenRepository& repository_;
  Tags tags_;                                                // that follow no subject
  std::map<oci::Digest, Tags> followers_;                    // by their subject
  std::set<oci::Digest> follows_;                            // what they point to
  std::multimap<oci::Digest, oci::Digest> referrers_;        // by their subject
  std::map<oci::Digest, std::vector<oci::Digest>> holders_;  // what it belongs to, of what is here
  std::map<oci::Digest, std::string> lost_;     // what loses a tag, or exceeds a limit, and why
  std::map<oci::Digest, std::string> reasons_;  // what goes where nothing needs it, and why
  std::set<oci::Digest> followed_;              // what goes with what it belongs to
  std::set<oci::Digest> roots_, kept_;
  Decision decision_;
};

}  // namespace registry::maintenance
