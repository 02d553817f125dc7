#include "registry/content/referrers.hpp"

#include <algorithm>
#include <functional>

#include "links.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;
using storage::Survives;

namespace {

constexpr std::size_t kChunk = 1000;
constexpr std::size_t kMostLookedAt = 1000;  // for one answer, whatever the filter leaves
constexpr std::size_t kMostBytes = std::size_t{1}
                                   << 20;  // of what one answer says, or one referrer
constexpr std::size_t kMostBytesRead = std::size_t{16} << 20;  // for one answer, as kMostLookedAt

std::optional<oci::Digest> digest_of_entry(std::string_view algorithm, const std::string& hex) {
  return oci::Digest::parse(std::string(algorithm) + ':' + hex);
}

std::size_t bytes_of(const Referrer& referrer) {
  auto bytes = referrer.media_type.size() + referrer.artifact_type.size() + 256;
  for (const auto& [key, value] : referrer.annotations) bytes += key.size() + value.size() + 64;
  return bytes;
}

// Calls `visit` with the digest of each manifest of the repository, by its revision link.
void for_each_revision(storage::Driver& driver, const oci::RepositoryName& name,
                       const std::function<void(const oci::Digest&)>& visit) {
  const auto directory = paths::revisions(name) + "/sha256";
  std::string last;
  for (;;) {
    const auto entries = driver.list(directory, last, kChunk);
    if (!entries || entries->empty()) return;
    for (const auto& entry : *entries) {
      const auto digest = digest_of_entry("sha256", entry.name);
      if (digest && read_link(driver, paths::revision_link(name, *digest))) visit(*digest);
    }
    last = entries->back().name;
  }
}

}  // namespace

void Referrers::add(const oci::RepositoryName& name, const oci::Digest& subject,
                    const oci::Digest& named, const oci::Digest& sha256) {
  write_link(driver_, paths::referrer_link(name, subject, named), sha256);
}

void Referrers::remove(const oci::RepositoryName& name, const oci::Digest& subject,
                       const oci::Digest& named) {
  driver_.remove(paths::referrer_link(name, subject, named), Survives::process_crash);
}

void Referrers::read_manifests_once(const oci::RepositoryName& name) {
  const RepositoryLocks::Alone reading(reading_, name);  // who asks meanwhile waits for the same
  {
    const std::scoped_lock lock(mutex_);
    if (read_.contains(name.str())) return;
  }
  if (!driver_.stat(paths::revisions(name))) return;  // and remember no name that anybody makes up
  for_each_revision(driver_, name, [&](const oci::Digest& sha256) {
    const RepositoryLocks::Shared held(locks_, name);
    if (!read_link(driver_, paths::revision_link(name, sha256))) return;  // deleted meanwhile
    add_unless_known(name, sha256);
  });
  const std::scoped_lock lock(mutex_);
  read_.insert(name.str());
}

void Referrers::add_unless_known(const oci::RepositoryName& name, const oci::Digest& sha256) {
  const auto content = stored_manifest(driver_, sha256);
  const auto subject = content ? oci::read_stored(*content).subject : std::nullopt;
  if (!subject) return;
  const auto sha512 = oci::digest_of(*content, oci::Algorithm::sha512);
  const auto path = paths::referrer_link(name, *subject, sha256);
  if (read_link(driver_, path)) return;
  if (read_link(driver_, paths::referrer_link(name, *subject, sha512))) return;
  // Not synced: if it is lost, so is the memory of having read this.
  driver_.put(path, sha256.str(), Survives::process_crash);
}

// Of one algorithm after the other, which is the order of the digests as texts.
std::vector<oci::Digest> Referrers::digests_behind(const oci::RepositoryName& name,
                                                   const oci::Digest& subject,
                                                   std::string_view after, std::size_t limit) {
  std::vector<oci::Digest> digests;
  for (const std::string_view algorithm : {"sha256", "sha512"}) {
    const auto prefix = std::string(algorithm) + ':';
    if (after > prefix && !after.starts_with(prefix)) continue;
    const auto last = after.starts_with(prefix) ? after.substr(prefix.size()) : std::string_view();
    const auto directory = paths::referrers(name, subject) + '/' + std::string(algorithm);
    const auto entries = driver_.list(directory, last, limit - digests.size());
    if (!entries) continue;
    for (const auto& entry : *entries) {
      if (const auto digest = digest_of_entry(algorithm, entry.name)) digests.push_back(*digest);
    }
    if (digests.size() >= limit) break;
  }
  return digests;
}

std::optional<Referrer> Referrers::find(const oci::RepositoryName& name, const oci::Digest& subject,
                                        const oci::Digest& digest) {
  const auto sha256 = read_link(driver_, paths::referrer_link(name, subject, digest));
  // Pushed by both digests it is one, and listed by this one, also on another page.
  const bool is_listed_before =
      sha256 && *sha256 != digest &&
      read_link(driver_, paths::referrer_link(name, subject, *sha256)).has_value();
  if (is_listed_before) return std::nullopt;
  if (!sha256 || !read_link(driver_, paths::revision_link(name, *sha256))) return std::nullopt;
  const auto content = stored_manifest(driver_, *sha256);
  if (!content || content->empty()) return std::nullopt;
  auto document = oci::read_stored(*content);
  return Referrer{digest,
                  *sha256,
                  content->size(),
                  std::move(document.media_type),
                  std::move(document.artifact_type),
                  std::move(document.annotations)};
}

ReferrersPage Referrers::list(const oci::RepositoryName& name, const oci::Digest& subject,
                              std::string_view after, std::size_t limit,
                              std::optional<std::string_view> artifact_type) {
  ReferrersPage page;
  std::size_t bytes = 0, bytes_read = 0;
  // One more than is looked at tells whether more follow.
  const auto digests = digests_behind(name, subject, after, kMostLookedAt + 1);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    auto referrer = find(name, subject, digests[i]);
    if (referrer) bytes_read += referrer->size_bytes;
    const bool is_asked_for =
        referrer && (!artifact_type || referrer->artifact_type == *artifact_type);
    if (is_asked_for) {
      bytes += bytes_of(*referrer);
      page.referrers.push_back(std::move(*referrer));
    }
    const bool is_full = page.referrers.size() >= limit || i + 1 == kMostLookedAt ||
                         bytes >= kMostBytes || bytes_read >= kMostBytesRead;
    if (!is_full) continue;
    if (i + 1 < digests.size()) page.last = digests[i].str();
    break;
  }
  return page;
}

}  // namespace registry::content
