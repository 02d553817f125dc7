#include <set>
#include <system_error>

#include "digest_set.hpp"
#include "links.hpp"
#include "registry/content/catalog.hpp"
#include "registry/maintenance/retention.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {
namespace {

namespace paths = storage::paths;
using oci::Algorithm;
using oci::Digest;

class Counting {
 public:
  Counting(storage::Driver& driver, const std::vector<Removal>& removals,
           const std::stop_token& stop)
      : driver_(driver), stop_(stop) {
    for (const auto& removal : removals) {
      if (!removal.tag) going_.emplace(removal.repository, removal.sha256);
    }
  }

  std::optional<std::uint64_t> count() {
    content::Catalog(driver_).for_each([&](const auto& name) { mark(name); },
                                       [&](const std::system_error&) { is_known_ = false; });
    needed_.settle();
    std::set<Digest> freed;
    for (const auto& [name, sha256] : going_) {
      freed.insert(sha256);
      each_reference(name, sha256, [&](const Digest& blob) { freed.insert(blob); });
    }
    std::uint64_t bytes = 0;
    for (const auto& sha256 : freed) {
      const auto status = driver_.stat(paths::blob(sha256));
      if (status && !needed_.contains(*pack<32>(sha256.hex()))) bytes += status->size_bytes;
    }
    return is_known_ ? std::optional(bytes) : std::nullopt;
  }

 private:
  // What the manifests that stay in a repository need.
  void mark(const oci::RepositoryName& name) {
    const auto mark_one = [&](const Digest& sha256) {
      if (stop_.stop_requested()) is_known_ = false;
      if (!is_known_) return;
      if (going_.contains({name, sha256})) return;
      needed_.insert(sha256);
      each_reference(name, sha256, [&](const Digest& blob) { needed_.insert(blob); });
    };
    const auto directory = paths::revisions(name) + "/sha256";
    if (!for_each_digest(driver_, directory, Algorithm::sha256, mark_one)) is_known_ = false;
  }

  template <class Visit>
  void each_reference(const oci::RepositoryName& name, const Digest& sha256, Visit visit) {
    for (const auto& reference : document(sha256).references) {
      if (reference.algorithm() == Algorithm::sha256) {
        visit(reference);
        continue;
      }
      for (const auto& path : links_of_name(name, reference)) {
        if (const auto link = look_at_link(driver_, path); link.digest) visit(*link.digest);
      }
    }
  }

  oci::StoredDocument document(const Digest& sha256) {
    try {
      const auto content = driver_.get(paths::blob(sha256), oci::kMaxManifestBytes);
      auto document = content ? oci::read_stored(*content) : oci::StoredDocument();
      if (!document.is_whole) is_known_ = false;
      return document;
    } catch (const std::system_error&) {
      is_known_ = false;
      return {};
    }
  }

  storage::Driver& driver_;
  const std::stop_token& stop_;
  std::set<std::pair<oci::RepositoryName, Digest>> going_;
  DigestSet needed_;
  bool is_known_ = true;
};

}  // namespace

std::optional<std::uint64_t> freed_bytes(storage::Driver& driver,
                                         const std::vector<Removal>& removals,
                                         const std::stop_token& stop) {
  return Counting(driver, removals, stop).count();
}

}  // namespace registry::maintenance
