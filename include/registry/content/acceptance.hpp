#pragma once

#include <memory>
#include <string>
#include <vector>

#include "registry/config/config.hpp"
#include "registry/oci/manifest.hpp"

namespace registry::content {

// Which manifests are accepted, by what the configuration says (validation, policy). Constant,
// thread-safe.
class Acceptance {
 public:
  // Of the defaults: everything that a manifest references is there, foreign layers come by http or
  // https, and images of every class may be pushed.
  Acceptance();
  // The regular expressions are valid: config has seen to that.
  Acceptance(const config::Validation& validation, std::vector<std::string> classes);
  ~Acceptance();

  // Throws Error: denied for a class that may not be pushed, manifest_invalid for URLs that are not
  // allowed.
  void check(const oci::Manifest& manifest) const;
  // Whether the blob has to be in the repository.
  bool wants_blob(const oci::Descriptor& blob) const;
  // Whether the child of an index has to be.
  bool wants_child(const oci::Descriptor& child) const;

 private:
  struct Patterns;
  bool is_url_allowed(const std::string& url) const;
  void check_class(const oci::Manifest& manifest) const;

  const config::Validation validation_;
  const std::vector<std::string> classes_;
  const std::unique_ptr<const Patterns> patterns_;
};

}  // namespace registry::content
