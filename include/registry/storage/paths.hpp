#pragma once

#include <string>
#include <string_view>

#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"

// The tree on disk, byte for byte that of Docker Registry 2.8 (CONTRACT 11), below the root
// directory:
//
//   docker/registry/v2/
//     blobs/sha256/<2 hex>/<64 hex>/data                  layers, configs and manifests alike
//     repositories/<name>/
//       _layers/<algorithm>/<hex>/link                    a blob of this repository
//       _manifests/revisions/sha256/<hex>/link            a manifest of this repository
//       _manifests/tags/<tag>/current/link                what the tag points to
//       _manifests/tags/<tag>/index/sha256/<hex>/link     what it ever pointed to
//       _uploads/<id>/data, startedat                     an upload under way
//       _uploads/<id>/hashstates/<algorithm>/<offset>     the hash of its first <offset> bytes
//       _alias/sha512/<hex>/link                          ours: a manifest's name by SHA-512
//       _alias/tags/<tag>                                 ours: what a tag was pushed with
//       _referrers/<subject>/<manifest>/link              ours: each as <algorithm>/<hex>
//   .registry/                                            ours alone: 2.8 never looks here
//     lock                                                held by the daemon that writes
//     socket                                              on which it is asked for maintenance
//     aside/                                              files before they get their name
//     quarantine/                                         damaged blobs
//     reserve                                             blocks for what a full volume needs
//     last-uses                                           when manifests were last pulled
//     usage.json                                          where the space went, for people
//
// A link is a file that holds a sha256 digest as text, 71 bytes without a line end.
namespace registry::storage::paths {

inline const std::string kOwn = ".registry";
inline const std::string kLastUses = kOwn + "/last-uses";
inline const std::string kUsage = kOwn + "/usage.json";
inline const std::string kBlobs = "docker/registry/v2/blobs/sha256";
inline const std::string kRepositories = "docker/registry/v2/repositories";

std::string blob(const oci::Digest& sha256);
std::string blob_below_blobs(std::string_view hex);
std::string quarantine(const oci::Digest& sha256);
std::string repository(const oci::RepositoryName& name);
std::string layers(const oci::RepositoryName& name);
std::string layer_link(const oci::RepositoryName& name, const oci::Digest& digest);
std::string manifests(const oci::RepositoryName& name);
std::string revisions(const oci::RepositoryName& name);
std::string revision_link(const oci::RepositoryName& name, const oci::Digest& sha256);
std::string tags(const oci::RepositoryName& name);
std::string tag(const oci::RepositoryName& name, const oci::Tag& tag);
std::string tag_current(const oci::RepositoryName& name, const oci::Tag& tag);
std::string tag_current_below_tags(std::string_view tag);
std::string tag_index(const oci::RepositoryName& name, const oci::Tag& tag,
                      const oci::Digest& sha256);
// `id` is one that content::is_upload_id accepts.
std::string upload(const oci::RepositoryName& name, std::string_view id);
std::string upload_data(const oci::RepositoryName& name, std::string_view id);
std::string upload_started_at(const oci::RepositoryName& name, std::string_view id);
std::string upload_states(const oci::RepositoryName& name, std::string_view id,
                          oci::Algorithm algorithm = oci::Algorithm::sha256);
std::string uploads(const oci::RepositoryName& name);
std::string aliases(const oci::RepositoryName& name);
std::string manifest_alias(const oci::RepositoryName& name, const oci::Digest& sha512);
std::string tag_alias(const oci::RepositoryName& name, const oci::Tag& tag);
// Of the manifests that name `subject`; below it, by algorithm.
std::string referrers(const oci::RepositoryName& name, const oci::Digest& subject);
std::string referrer_link(const oci::RepositoryName& name, const oci::Digest& subject,
                          const oci::Digest& referrer);

}  // namespace registry::storage::paths
