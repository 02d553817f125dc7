#include "registry/storage/paths.hpp"

namespace registry::storage::paths {
namespace {

std::string algorithm_and_hex(const oci::Digest& digest) {
  return std::string(oci::to_string(digest.algorithm())) + '/' + std::string(digest.hex());
}

}  // namespace

std::string blob(const oci::Digest& sha256) {
  return kBlobs + '/' + blob_below_blobs(sha256.hex());
}

std::string blob_below_blobs(std::string_view hex) {
  std::string path(hex.substr(0, 2));
  return path.append("/").append(hex).append("/data");
}

std::string quarantine(const oci::Digest& sha256) {
  return kOwn + "/quarantine/sha256-" + std::string(sha256.hex());
}

std::string repository(const oci::RepositoryName& name) {
  return kRepositories + '/' + name.str();
}

std::string layers(const oci::RepositoryName& name) {
  return repository(name) + "/_layers";
}

std::string layer_link(const oci::RepositoryName& name, const oci::Digest& digest) {
  return layers(name) + '/' + algorithm_and_hex(digest) + "/link";
}

std::string manifests(const oci::RepositoryName& name) {
  return repository(name) + "/_manifests";
}

std::string revisions(const oci::RepositoryName& name) {
  return manifests(name) + "/revisions";
}

std::string revision_link(const oci::RepositoryName& name, const oci::Digest& sha256) {
  return revisions(name) + '/' + algorithm_and_hex(sha256) + "/link";
}

std::string tags(const oci::RepositoryName& name) {
  return manifests(name) + "/tags";
}

std::string tag(const oci::RepositoryName& name, const oci::Tag& tag) {
  return tags(name) + '/' + tag.str();
}

std::string tag_current(const oci::RepositoryName& name, const oci::Tag& tag) {
  return tags(name) + '/' + tag_current_below_tags(tag.str());
}

std::string tag_current_below_tags(std::string_view tag) {
  return std::string(tag) + "/current/link";
}

std::string tag_index(const oci::RepositoryName& name, const oci::Tag& tag,
                      const oci::Digest& sha256) {
  return paths::tag(name, tag) + "/index/" + algorithm_and_hex(sha256) + "/link";
}

std::string uploads(const oci::RepositoryName& name) {
  return repository(name) + "/_uploads";
}

std::string upload(const oci::RepositoryName& name, std::string_view id) {
  return uploads(name) + '/' + std::string(id);
}

std::string upload_data(const oci::RepositoryName& name, std::string_view id) {
  return upload(name, id) + "/data";
}

std::string upload_started_at(const oci::RepositoryName& name, std::string_view id) {
  return upload(name, id) + "/startedat";
}

std::string upload_states(const oci::RepositoryName& name, std::string_view id,
                          oci::Algorithm algorithm) {
  return upload(name, id) + "/hashstates/" + std::string(oci::to_string(algorithm));
}

std::string aliases(const oci::RepositoryName& name) {
  return repository(name) + "/_alias";
}

std::string manifest_alias(const oci::RepositoryName& name, const oci::Digest& sha512) {
  return aliases(name) + '/' + algorithm_and_hex(sha512) + "/link";
}

std::string tag_alias(const oci::RepositoryName& name, const oci::Tag& tag) {
  return aliases(name) + "/tags/" + tag.str();
}

std::string referrers(const oci::RepositoryName& name, const oci::Digest& subject) {
  return repository(name) + "/_referrers/" + algorithm_and_hex(subject);
}

std::string referrer_link(const oci::RepositoryName& name, const oci::Digest& subject,
                          const oci::Digest& referrer) {
  return referrers(name, subject) + '/' + algorithm_and_hex(referrer) + "/link";
}

}  // namespace registry::storage::paths
