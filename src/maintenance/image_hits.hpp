#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "registry/oci/digest.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

struct ImageHits {
  std::map<oci::Digest, std::vector<std::string>> by_blob;
  bool is_complete = true;  // false: not everything could be read, or it was stopped
};

// Which images need one of the blobs, by blob: its manifest is one, or names one, or an index leads
// to such a manifest. By its tags, "name:tag", or where it has none by digest, "name@sha256:…"; up
// to a thousand of a blob, then "and others". Reads all manifests of all repositories; what cannot
// be read is logged and passed over. Has the digests of a repository's manifests in memory at a
// time. Ends early where `stop` asks for it. Blocking.
ImageHits find_image_hits(storage::Driver& driver, const std::set<oci::Digest>& blobs,
                          const std::stop_token& stop);

}  // namespace registry::maintenance
