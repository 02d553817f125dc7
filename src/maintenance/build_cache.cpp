#include "build_cache.hpp"

#include <algorithm>

namespace registry::maintenance {
namespace {

using base::WallTime;
using oci::Digest;

struct Cache {
  WallTime used;
  const Digest* sha256;
  const SeenManifest* manifest;
};

// The longest unused first.
std::vector<Cache> caches_of(const SeenRepository& repository) {
  std::map<Digest, WallTime> tagged;
  for (const auto& tag : repository.tags) {
    if (subject_of_tag(tag.name)) continue;  // a signature is no use
    auto& last = tagged[tag.sha256];
    last = std::max(last, tag.pushed);
  }
  std::vector<Cache> caches;
  for (const auto& [sha256, manifest] : repository.manifests) {
    if (!manifest.is_build_cache) continue;
    auto used = std::max(manifest.pushed, manifest.pulled.value_or(manifest.pushed));
    if (const auto tag = tagged.find(sha256); tag != tagged.end()) {
      used = std::max(used, tag->second);
    }
    caches.push_back({used, &sha256, &manifest});
  }
  std::ranges::sort(caches, {},
                    [](const Cache& cache) { return std::pair(cache.used, *cache.sha256); });
  return caches;
}

// Bytes of several caches, in which each blob counts once.
class Shared {
 public:
  void add(const SeenManifest& manifest) {
    for (const auto& [blob, size] : manifest.blobs) {
      if (users_[blob]++ == 0) bytes_ += size;
    }
  }
  void remove(const SeenManifest& manifest) {
    for (const auto& [blob, size] : manifest.blobs) {
      if (--users_[blob] == 0) bytes_ -= size;
    }
  }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::map<Digest, std::size_t> users_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

std::map<Digest, std::string> build_cache_going(const SeenRepository& repository,
                                                const config::Retention::Buildcache& limits,
                                                WallTime now) {
  std::map<Digest, std::string> going;
  std::vector<Cache> rest;
  Shared shared;
  for (const auto& cache : caches_of(repository)) {
    if (limits.unusedfor && now - cache.used >= *limits.unusedfor) {
      going.emplace(*cache.sha256,
                    "build cache, unused since " + base::rfc3339_seconds(cache.used));
      continue;
    }
    rest.push_back(cache);
    shared.add(*cache.manifest);
  }
  for (const auto& cache : rest) {
    if (!limits.maxsize || shared.bytes() <= *limits.maxsize) break;
    shared.remove(*cache.manifest);
    going.emplace(*cache.sha256, "build cache, of which there are more than " +
                                     std::to_string(*limits.maxsize) + " bytes; last used " +
                                     base::rfc3339_seconds(cache.used));
  }
  return going;
}

}  // namespace registry::maintenance
