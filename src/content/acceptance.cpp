#include "registry/content/acceptance.hpp"

#include <re2/re2.h>

#include <algorithm>

#include "registry/base/text.hpp"
#include "registry/oci/error.hpp"

namespace registry::content {

using oci::ErrorCode;

struct Acceptance::Patterns {
  explicit Patterns(const config::Validation& validation) {
    for (const auto& text : validation.manifests.urls.allow) {
      allow.push_back(std::make_unique<RE2>(text, RE2::Quiet));
    }
    for (const auto& text : validation.manifests.urls.deny) {
      deny.push_back(std::make_unique<RE2>(text, RE2::Quiet));
    }
  }
  std::vector<std::unique_ptr<RE2>> allow, deny;
};

namespace {

bool any_matches(const std::vector<std::unique_ptr<RE2>>& patterns, const std::string& url) {
  return std::ranges::any_of(patterns,
                             [&](const auto& pattern) { return RE2::PartialMatch(url, *pattern); });
}

bool is_web_url(std::string_view url) {
  return base::iequals(url.substr(0, 7), "http://") || base::iequals(url.substr(0, 8), "https://");
}

// As 2.8 tells them apart; empty: it says nothing of them.
std::string class_of(const oci::Manifest& manifest) {
  if (oci::is_index(manifest.media_type)) return {};
  const auto& config = manifest.config_media_type;
  if (config == "application/vnd.docker.plugin.v1+json") return "plugin";
  if (config == "application/vnd.docker.container.image.v1+json" ||
      config == "application/vnd.oci.image.config.v1+json") {
    return "image";
  }
  throw oci::Error(ErrorCode::denied,
                   "policy.repository.classes is set, and the class of a manifest "
                   "whose config is of the type \"" +
                       config.substr(0, 200) + "\" is not known");
}

}  // namespace

Acceptance::Acceptance() : Acceptance(config::Validation(), {}) {}
Acceptance::Acceptance(const config::Validation& validation, std::vector<std::string> classes)
    : validation_(validation),
      classes_(std::move(classes)),
      patterns_(std::make_unique<const Patterns>(validation)) {}
Acceptance::~Acceptance() = default;

void Acceptance::check(const oci::Manifest& manifest) const {
  check_class(manifest);
  if (validation_.disabled) return;
  for (const auto* list : {&manifest.blobs, &manifest.manifests}) {
    for (const auto& descriptor : *list) {
      for (const auto& url : descriptor.urls) {
        if (is_url_allowed(url)) continue;
        throw oci::Error(ErrorCode::manifest_invalid,
                         "the URL " + url.substr(0, 300) + " of " + descriptor.digest.str() +
                             " is not allowed: it must be http or https, and be let in by "
                             "validation.manifests.urls");
      }
    }
  }
}

// Both lists empty: any (2.8: none). Only a deny list: any other.
bool Acceptance::is_url_allowed(const std::string& url) const {
  if (!is_web_url(url)) return false;
  if (!patterns_->allow.empty() && !any_matches(patterns_->allow, url)) return false;
  return !any_matches(patterns_->deny, url);
}

void Acceptance::check_class(const oci::Manifest& manifest) const {
  if (classes_.empty()) return;
  const auto name = class_of(manifest);
  if (name.empty() || std::ranges::find(classes_, name) != classes_.end()) return;
  throw oci::Error(ErrorCode::denied,
                   "manifests of the class " + name +
                       " may not be pushed here: policy.repository.classes does not name it");
}

bool Acceptance::wants_blob(const oci::Descriptor& blob) const {
  return !validation_.disabled && blob.urls.empty();
}

bool Acceptance::wants_child(const oci::Descriptor& child) const {
  if (!wants_blob(child)) return false;
  const auto& indexes = validation_.manifests.indexes;
  if (indexes.platforms == config::Platforms::all) return true;
  if (indexes.platforms == config::Platforms::none) return false;
  return std::ranges::any_of(indexes.platformlist, [&](const config::Platform& platform) {
    return child.platform == platform.os + '/' + platform.architecture;
  });
}

}  // namespace registry::content
