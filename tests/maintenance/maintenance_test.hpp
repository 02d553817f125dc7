#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "content/content_test.hpp"
#include "registry/maintenance/garbage_collector.hpp"
#include "support/manifests.hpp"

namespace registry::maintenance {

namespace paths = storage::paths;
using content::Backend;
using content::backend_name;
using content::name_of;
using content::tag_of;

// A store with content, and the collector on it.
class MaintenanceTest : public content::ContentTest {
 protected:
  using Tree = std::map<std::string, std::string>;  // path -> content; of a folder "/"

  Collected collect(const CollectOptions& options = {}) { return collect(driver(), options); }
  Collected collect(storage::Driver& driver, const CollectOptions& options = {}) {
    said_.clear();
    content::Content content(driver, acceptance_, io_);
    return collect_garbage(content, driver, options,
                           [&](const std::string& line) { said_.push_back(line); });
  }
  const std::vector<std::string>& said() const { return said_; }
  bool said(const std::string& line) const { return std::ranges::find(said_, line) != said_.end(); }

  // All that is in the store, folders included.
  Tree tree() { return tree_of("docker"); }
  Tree tree_of(const std::string& path) {
    Tree tree;
    add(path, tree);
    return tree;
  }

  bool has(const std::string& path) { return driver().stat(path).has_value(); }
  bool has_blob(std::string_view content) { return has(paths::blob(oci::digest_of(content))); }
  bool has_manifest(const oci::RepositoryName& name, const oci::Digest& digest) {
    return support::get(manifests_, name, digest).has_value();
  }
  bool has_layer(const oci::RepositoryName& name, const oci::Digest& digest) {
    return has(paths::layer_link(name, digest));
  }
  static std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

  oci::Digest push_index(const oci::RepositoryName& name, const content::Reference& reference,
                         const std::string& content) {
    return push_manifest(name, reference, content, oci::MediaType::oci_index);
  }
  // An image that names `subject`.
  oci::Digest push_referrer(const oci::RepositoryName& name, const oci::Digest& subject,
                            const std::string& text) {
    push_blob(name, text);
    const auto content = R"({"schemaVersion":2,"config":)" + descriptor(text) +
                         R"(,"layers":[],"subject":)" + descriptor(subject, 1) + '}';
    return push_manifest(name, oci::digest_of(content), content);
  }
  // An index of the manifests, whose sizes are those stored.
  std::string index_of(const std::vector<oci::Digest>& children) {
    std::string list;
    for (const auto& child : children) {
      const auto status = driver().stat(paths::blob(child));
      list += (list.empty() ? "" : ",") + descriptor(child, status ? status->size_bytes : 7);
    }
    return index(list);
  }

 private:
  void add(const std::string& path, Tree& tree) {
    for (const auto& name : names_in(path)) {
      const auto below = path + '/' + name;
      const bool is_directory = driver().stat(below)->is_directory;
      tree[below] = is_directory ? "/" : get(below).value_or("");
      if (is_directory) add(below, tree);
    }
  }

  std::vector<std::string> said_;
};

}  // namespace registry::maintenance
