#include "registry/content/tags.hpp"

#include <algorithm>

#include "links.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;

namespace {
constexpr std::size_t kChunk = 1000;
}

std::optional<oci::Digest> Tags::resolve(const oci::RepositoryName& name, const oci::Tag& tag) {
  return read_link(driver_, paths::tag_current(name, tag));
}

std::optional<Page> Tags::list(const oci::RepositoryName& name, std::string_view after,
                               std::size_t limit) {
  if (!driver_.stat(paths::tags(name)) && !driver_.stat(paths::revisions(name))) {
    return std::nullopt;
  }
  Page page;
  std::string last(after);
  for (;;) {
    // One more than wanted tells whether more follow.
    const auto entries = driver_.list(paths::tags(name), last, std::max(limit, limit + 1));
    if (!entries || entries->empty()) return page;
    for (const auto& entry : *entries) {
      const auto tag = oci::Tag::parse(entry.name);
      // A crash, ours or 2.8's, can leave the directory of a tag that points nowhere.
      if (!tag || !entry.is_directory || !driver_.stat(paths::tag_current(name, *tag))) continue;
      if (page.names.size() == limit) {
        page.more = true;
        return page;
      }
      page.names.push_back(entry.name);
    }
    last = entries->back().name;
  }
}

// 2.8's order: what the tag points to is always in its index.
void Tags::put(const oci::RepositoryName& name, const oci::Tag& tag, const oci::Digest& sha256) {
  write_link(driver_, paths::tag_index(name, tag, sha256), sha256);
  write_link(driver_, paths::tag_current(name, tag), sha256);
}

bool Tags::remove(const oci::RepositoryName& name, const oci::Tag& tag) {
  const bool existed = driver_.stat(paths::tag_current(name, tag)).has_value();
  // Also where only its directory is left, which 2.8 would list.
  return driver_.remove_tree(paths::tag(name, tag), storage::Survives::power_loss) && existed;
}

void Tags::remove_all_of(const oci::RepositoryName& name, const oci::Digest& sha256) {
  std::string last;
  for (;;) {
    const auto entries = driver_.list(paths::tags(name), last, kChunk);
    if (!entries || entries->empty()) return;
    for (const auto& entry : *entries) {
      const auto tag = oci::Tag::parse(entry.name);
      if (tag && resolve(name, *tag) == sha256) remove(name, *tag);
    }
    last = entries->back().name;
  }
}

}  // namespace registry::content
