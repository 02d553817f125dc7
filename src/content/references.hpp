#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "registry/base/pool.hpp"
#include "registry/content/acceptance.hpp"
#include "registry/content/manifests.hpp"
#include "registry/content/pins.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

namespace net = boost::asio;

// A stored blob that does not have the size that its descriptor states.
struct Suspicious {
  oci::Digest sha256;
  std::uint64_t stated_bytes;
};

struct CheckedReferences {
  std::vector<std::string> missing;  // digests that the repository lacks
  std::vector<Suspicious> suspicious;
};

// Whether a repository has what a manifest names. All of it is pinned before it is looked at, and
// stays so as long as this lives. Blocking; used by one thread at a time.
class ReferenceCheck {
 public:
  ReferenceCheck(storage::Driver& driver, Pins& pins, const Acceptance& acceptance,
                 const oci::RepositoryName& name)
      : driver_(driver), pins_(pins), acceptance_(acceptance), name_(name) {}

  CheckedReferences check(const oci::Manifest& manifest);
  void promise();  // what was found

 private:
  void check_one(const oci::Descriptor& descriptor, bool may_be_manifest);
  std::optional<oci::Digest> find(const oci::Digest& digest, bool may_be_manifest);
  std::optional<oci::Digest> link_of(const oci::Digest& digest, bool may_be_manifest);

  storage::Driver& driver_;
  Pins& pins_;
  const Acceptance& acceptance_;
  const oci::RepositoryName& name_;
  std::vector<Pin> found_;
  CheckedReferences checked_;
  std::set<std::pair<oci::Digest, std::uint64_t>> seen_;  // a layer may be there many times
};

// The digest that a manifest of the repository would be stored under, whether or not it is there:
// of a sha512 its alias says so. nullopt: there is no such alias.
std::optional<oci::Digest> sha256_of_manifest(storage::Driver& driver,
                                              const oci::RepositoryName& name,
                                              const oci::Digest& digest);

// Hashes the blob again, as either it or the descriptor is wrong: throws Error(manifest_invalid)
// for the descriptor, and moves a damaged blob to quarantine, so that it is missing from now on.
net::awaitable<void> settle(storage::Driver& driver, Pins& pins, Recent& recent, base::Pool& io,
                            base::Pool& hashing, KnownWhole& whole, Suspicious suspicious);

}  // namespace registry::content
