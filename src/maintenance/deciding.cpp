#include "deciding.hpp"

#include <algorithm>

namespace registry::maintenance {

using oci::Digest;

Decision Deciding::decide() {
  sort_tags();
  choose(tags_);
  find_what_belongs();
  keep_what_is_needed();
  take_followers();
  return std::move(decision_);
}

const SeenManifest* Deciding::find(const Digest& sha256) const {
  const auto found = repository_.manifests.find(sha256);
  return found == repository_.manifests.end() ? nullptr : &found->second;
}

void Deciding::sort_tags() {
  for (const auto& tag : repository_.tags) {
    const auto subject = may_follow(tag) ? subject_of_tag(tag.name) : std::nullopt;
    if (!subject) {
      tags_.push_back(&tag);
      continue;
    }
    followers_[*subject].push_back(&tag);
    follows_.insert(tag.sha256);
  }
}

void Deciding::go(const SeenTag& tag, const std::string& why) {
  decision_.tags.push_back({tag, why});
  lost_.emplace(tag.sha256, "its tag " + tag.name + " goes: " + why);
}

// Children, referrers, and what a tag of that form names.
void Deciding::find_what_belongs() {
  for (const auto& [sha256, manifest] : repository_.manifests) {
    for (const auto& child : manifest.children) holders_[child].push_back(sha256);
    if (!manifest.subject) continue;
    referrers_.emplace(*manifest.subject, sha256);
    if (find(*manifest.subject) != nullptr) holders_[sha256].push_back(*manifest.subject);
  }
  for (const auto& [subject, tags] : followers_) {
    if (find(subject) == nullptr) continue;
    for (const auto* tag : tags) {
      if (tag->sha256 != subject) holders_[tag->sha256].push_back(subject);
    }
  }
}

void Deciding::choose_orphans() {
  for (const auto& [subject, tags] : followers_) {
    if (find(subject) != nullptr) continue;
    for (const auto* tag : tags) {
      const auto* manifest = find(tag->sha256);
      const auto why = manifest != nullptr ? why_orphan_goes(*tag, *manifest) : std::nullopt;
      if (why) {
        go(*tag, *why);
      } else {
        stay(*tag);
      }
    }
  }
}

// What becomes of a manifest that nothing needs.
void Deciding::judge(const Digest& sha256, const SeenManifest& manifest) {
  const auto lost = lost_.find(sha256);
  const bool lost_a_tag = manifest.untagged && *manifest.untagged >= manifest.pushed;
  const bool belongs = holders_.contains(sha256);
  if (manifest.is_damaged) {
    roots_.insert(sha256);
  } else if (lost != lost_.end()) {
    reasons_.emplace(sha256, lost->second);
  } else if (lost_a_tag && manifest.untagged_by_rule) {
    reasons_.emplace(sha256, "the rule has taken its tag");
  } else if (belongs && !lost_a_tag) {
    followed_.insert(sha256);
  } else if (const auto why = why_untagged_goes(manifest); why && !follows(sha256)) {
    reasons_.emplace(sha256, *why);
  } else {
    roots_.insert(sha256);
  }
}

// By a tag whose subject is not here.
bool Deciding::follows(const Digest& sha256) const {
  return follows_.contains(sha256) && !holders_.contains(sha256);
}

void Deciding::keep_what_is_needed() {
  choose_orphans();
  for (const auto& [sha256, manifest] : repository_.manifests) judge(sha256, manifest);
  for (const auto& root : roots_) keep(root);
  take_along();
  // What belongs to nothing that goes: tags can make circles, digests cannot.
  for (const auto& sha256 : followed_) {
    if (!reasons_.contains(sha256)) keep(sha256);
  }
  for (const auto& [sha256, why] : reasons_) {
    if (kept_.contains(sha256)) continue;
    const auto holders = holders_.find(sha256);
    decision_.manifests.push_back(
        {sha256, why, holders == holders_.end() ? std::vector<Digest>() : holders->second});
  }
}

void Deciding::take_along() {
  std::multimap<Digest, Digest> held;
  for (const auto& sha256 : followed_) {
    for (const auto& holder : holders_.at(sha256)) held.emplace(holder, sha256);
  }
  std::vector<Digest> todo;
  for (const auto& [sha256, why] : reasons_) todo.push_back(sha256);
  while (!todo.empty()) {
    const auto holder = todo.back();
    todo.pop_back();
    if (kept_.contains(holder)) continue;
    const auto [first, last] = held.equal_range(holder);
    for (auto at = first; at != last; ++at) {
      const auto why = "it goes with " + holder.str();
      if (reasons_.emplace(at->second, why).second) todo.push_back(at->second);
    }
  }
}

void Deciding::keep(const Digest& root) {
  spread(root, [this](const Digest& sha256) { return kept_.insert(sha256).second; });
}

void Deciding::spread(const Digest& root, const std::function<bool(const Digest&)>& insert) const {
  std::vector<Digest> todo = {root};
  while (!todo.empty()) {
    const auto sha256 = todo.back();
    todo.pop_back();
    if (!insert(sha256)) continue;
    const auto [first, last] = referrers_.equal_range(sha256);
    for (auto at = first; at != last; ++at) todo.push_back(at->second);
    if (const auto found = followers_.find(sha256); found != followers_.end()) {
      for (const auto* tag : found->second) todo.push_back(tag->sha256);
    }
    const auto* manifest = find(sha256);
    if (manifest == nullptr) continue;
    todo.insert(todo.end(), manifest->children.begin(), manifest->children.end());
    if (!manifest->is_damaged) continue;  // an index, it may be, of any of the others
    for (const auto& [other, seen] : repository_.manifests) todo.push_back(other);
  }
}

void Deciding::take_followers() {
  for (const auto& [subject, tags] : followers_) {
    if (find(subject) == nullptr || kept_.contains(subject)) continue;
    for (const auto* tag : tags) {
      decision_.tags.push_back({*tag, "its subject " + subject.str() + " goes", subject});
    }
  }
}

}  // namespace registry::maintenance
