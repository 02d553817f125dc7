#include "read.hpp"
#include "values.hpp"

namespace registry::config {
namespace {

void read_expressions(Section& urls, const std::string& key, std::vector<std::string>& out) {
  urls.read(key, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto complaint = complaint_about(out[i]);
    if (complaint.empty()) continue;
    urls.refuse(key + "[" + std::to_string(i) + "]",
                "is not a regular expression of Go's syntax: " + complaint);
  }
}

Platform read_platform(Section section) {
  Platform platform;
  section.read_required("architecture", platform.architecture);
  section.read_required("os", platform.os);
  section.warn_of_unknown();
  return platform;
}

void read_manifests(Section manifests, Validation& out) {
  auto urls = manifests.section("urls");
  read_expressions(urls, "allow", out.manifests.urls.allow);
  read_expressions(urls, "deny", out.manifests.urls.deny);
  urls.warn_of_unknown();
  auto indexes = manifests.section("indexes");
  auto& to = out.manifests.indexes;
  to.platforms = static_cast<Platforms>(indexes.read_word("platforms", {"all", "none", "list"},
                                                          static_cast<std::size_t>(to.platforms)));
  for (const auto& platform : indexes.sections("platformlist")) {
    to.platformlist.push_back(read_platform(platform));
  }
  indexes.warn_of_unknown();
  manifests.warn_of_unknown();
}

}  // namespace

void read_validation(Section validation, Validation& out) {
  bool enabled = !out.disabled;
  validation.read("enabled", enabled);
  if (validation.is_set("enabled")) {
    validation.warn("enabled", "is deprecated: use validation.disabled");
    out.disabled = !enabled;
  }
  bool disabled = false;
  validation.read("disabled", disabled);
  if (validation.is_set("disabled")) out.disabled = disabled;
  read_manifests(validation.section("manifests"), out);
  validation.warn_of_unknown();
}

}  // namespace registry::config
