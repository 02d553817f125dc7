#pragma once

#include <string>
#include <string_view>

#include "registry/http/exchange.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"

namespace registry::api {

struct Options;

// The URLs in answers (CONTRACT 1): absolute, by the host that the client used, or as a proxy in
// front of us says it did; or by what the configuration says. Constant, thread-safe.
class Urls {
 public:
  explicit Urls(const Options& options) : options_(options) {}

  std::string blob(const http::Request& request, const oci::RepositoryName& name,
                   const oci::Digest& digest) const;
  std::string manifest(const http::Request& request, const oci::RepositoryName& name,
                       const oci::Digest& digest) const;
  std::string upload(const http::Request& request, const oci::RepositoryName& name,
                     std::string_view id) const;
  // Without scheme and host, for Link headers: `path` begins with "v2/".
  std::string path(std::string_view path) const;

 private:
  std::string url(const http::Request& request, const std::string& path) const;

  const Options& options_;
};

// What the client has sent its request to, as far as that is known. Text that cannot be a scheme or
// a host is passed over.
struct Origin {
  std::string scheme, host;
};
Origin origin_of(const http::Request& request);

}  // namespace registry::api
