#include "registry/content/tags.hpp"

#include <algorithm>

#include "links.hpp"
#include "registry/base/log.hpp"
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
      if (!tag || !entry.is_directory || !points_somewhere(name, *tag)) continue;
      if (page.names.size() == limit) {
        page.more = true;
        return page;
      }
      page.names.push_back(entry.name);
    }
    last = entries->back().name;
  }
}

bool Tags::points_somewhere(const oci::RepositoryName& name, const oci::Tag& tag) {
  try {
    return driver_.stat(paths::tag_current(name, tag)).has_value();
  } catch (const std::system_error& error) {
    if (!is_damage(error)) throw;
    base::log::warn_once("a tag cannot be read, and is not listed", {{"err", error.what()}});
    return false;
  }
}

oci::Digest Tags::pushed_as(const oci::RepositoryName& name, const oci::Tag& tag,
                            const oci::Digest& sha256) {
  const auto text = read_small(driver_, paths::tag_alias(name, tag));
  if (!text) return sha256;
  // "sha512:… sha256:…": of another manifest than this one it says nothing.
  const auto space = std::min(text->find(' '), text->size());
  const auto named = oci::Digest::parse(std::string_view(*text).substr(0, space));
  const bool is_of_this = text->substr(space) == ' ' + sha256.str();
  return named && is_of_this ? *named : sha256;
}

// 2.8's order: what the tag points to is always in its index. The name that the client gave counts
// only once the tag points to its manifest, so it comes before that; an old one goes after, as it
// may still be of the same manifest.
void Tags::put(const oci::RepositoryName& name, const oci::Tag& tag, const oci::Digest& sha256,
               const oci::Digest& named) {
  write_link(driver_, paths::tag_index(name, tag, sha256), sha256);
  if (named != sha256) {
    driver_.put(paths::tag_alias(name, tag), named.str() + ' ' + sha256.str(),
                storage::Survives::power_loss);
  }
  write_link(driver_, paths::tag_current(name, tag), sha256);
  if (named == sha256) driver_.remove(paths::tag_alias(name, tag), storage::Survives::power_loss);
}

bool Tags::remove(const oci::RepositoryName& name, const oci::Tag& tag) {
  const bool existed = driver_.stat(paths::tag_current(name, tag)).has_value();
  // Also where only its directory is left, which 2.8 would list.
  const bool removed = driver_.remove_tree(paths::tag(name, tag), storage::Survives::power_loss);
  driver_.remove(paths::tag_alias(name, tag), storage::Survives::process_crash);
  return removed && existed;
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
