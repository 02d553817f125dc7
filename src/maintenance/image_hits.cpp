#include "image_hits.hpp"

#include <system_error>
#include <utility>

#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/content/catalog.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {

namespace paths = storage::paths;
using oci::Algorithm;

namespace {

constexpr std::size_t kMostNamed = 1000;

// Of one repository.
class RepositoryHits {
 public:
  RepositoryHits(storage::Driver& driver, const oci::RepositoryName& name,
                 const std::set<oci::Digest>& blobs)
      : driver_(driver), name_(name), blobs_(blobs) {}
  void add_to(ImageHits& hits);

 private:
  using Names = std::multimap<oci::Digest, std::string>;  // a manifest's digest -> "name:tag"

  bool read_revisions();
  bool read_manifest(const oci::Digest& sha256);
  oci::Digest stored_as(const oci::Digest& digest);
  std::set<oci::Digest> manifests_above(const oci::Digest& blob) const;
  Names read_tags();

  storage::Driver& driver_;
  const oci::RepositoryName& name_;
  const std::set<oci::Digest>& blobs_;
  std::set<oci::Digest> revisions_;
  // Of what is looked for, and of children that are manifests here: who names them.
  std::multimap<oci::Digest, oci::Digest> parents_;
};

bool RepositoryHits::read_revisions() {
  const auto directory = paths::revisions(name_) + "/sha256";
  return for_each_digest(driver_, directory, Algorithm::sha256, [&](const oci::Digest& sha256) {
    const auto link = look_at_link(driver_, paths::revision_link(name_, sha256));
    if (link.state != Link::State::absent) revisions_.insert(sha256);
  });
}

bool RepositoryHits::read_manifest(const oci::Digest& sha256) {
  try {
    const auto content = driver_.get(paths::blob(sha256), oci::kMaxManifestBytes);
    if (!content) return true;  // it is in quarantine, or was deleted
    for (const auto& reference : oci::read_stored(*content).references) {
      const auto stored = stored_as(reference);
      if (blobs_.contains(stored) || revisions_.contains(stored)) parents_.emplace(stored, sha256);
    }
    return true;
  } catch (const std::system_error& error) {
    base::log::warn("a manifest cannot be read: it may need a damaged blob",
                    {{"repository", name_.str()}, {"err", error.what()}});
    return false;
  }
}

oci::Digest RepositoryHits::stored_as(const oci::Digest& digest) {
  if (digest.algorithm() == Algorithm::sha256) return digest;
  for (const auto& path :
       {paths::layer_link(name_, digest), paths::manifest_alias(name_, digest)}) {
    auto link = look_at_link(driver_, path);
    if (link.digest) return *std::move(link.digest);
  }
  return digest;
}

std::set<oci::Digest> RepositoryHits::manifests_above(const oci::Digest& blob) const {
  std::set<oci::Digest> above;
  if (revisions_.contains(blob)) above.insert(blob);
  std::vector<oci::Digest> todo = {blob};
  while (!todo.empty()) {
    const auto child = todo.back();
    todo.pop_back();
    const auto [first, last] = parents_.equal_range(child);
    for (auto at = first; at != last; ++at) {
      if (above.insert(at->second).second) todo.push_back(at->second);
    }
  }
  return above;
}

RepositoryHits::Names RepositoryHits::read_tags() {
  Names names;
  for_each_directory(driver_, paths::tags(name_), [&](const std::string& text) {
    const auto tag = oci::Tag::parse(text);
    if (!tag) return;
    const auto link = look_at_link(driver_, paths::tag_current(name_, *tag));
    if (link.digest) names.emplace(*link.digest, name_.str() + ':' + text);
  });
  return names;
}

void add_name(std::vector<std::string>& named, const std::string& name) {
  if (named.size() > kMostNamed) return;
  named.push_back(named.size() == kMostNamed ? "and others" : name);
}

void RepositoryHits::add_to(ImageHits& hits) {
  if (!read_revisions()) hits.is_complete = false;
  for (const auto& sha256 : revisions_) {
    if (!read_manifest(sha256)) hits.is_complete = false;
  }
  std::map<oci::Digest, std::set<oci::Digest>> above;
  for (const auto& blob : blobs_) {
    auto manifests = manifests_above(blob);
    if (!manifests.empty()) above.emplace(blob, std::move(manifests));
  }
  if (above.empty()) return;
  const auto tags = read_tags();
  for (const auto& [blob, manifests] : above) {
    auto& named = hits.by_blob[blob];
    for (const auto& manifest : manifests) {
      const auto [first, last] = tags.equal_range(manifest);
      for (auto at = first; at != last; ++at) add_name(named, at->second);
      if (first == last) add_name(named, name_.str() + '@' + manifest.str());
    }
  }
}

}  // namespace

ImageHits find_image_hits(storage::Driver& driver, const std::set<oci::Digest>& blobs,
                          const std::stop_token& stop) {
  ImageHits hits;
  const auto failed = [&](const std::system_error& error) {
    base::log::warn("a folder cannot be read: below it images may need a damaged blob",
                    {{"err", error.what()}});
    hits.is_complete = false;
  };
  const auto visit = [&](const oci::RepositoryName& name) {
    if (!stop.stop_requested()) RepositoryHits(driver, name, blobs).add_to(hits);
  };
  try {
    content::Catalog(driver).for_each(visit, failed);
  } catch (const std::system_error& error) {
    failed(error);  // of the storage as a whole
  }
  if (stop.stop_requested()) hits.is_complete = false;
  return hits;
}

}  // namespace registry::maintenance
