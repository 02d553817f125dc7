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
  Page page;
  const auto add = [&](std::string_view one) { page.names.emplace_back(one); };
  const auto listed = list(name, after, limit, add);
  if (!listed) return std::nullopt;
  page.more = listed->more;
  return page;
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
  const TagLists::Change change(lists_, name, tag);
  write_link(driver_, paths::tag_index(name, tag, sha256), sha256);
  if (named != sha256) {
    driver_.put(paths::tag_alias(name, tag), named.str() + ' ' + sha256.str(),
                storage::Survives::power_loss);
  }
  // Also where it says so already: its time is that of the last push.
  driver_.put(paths::tag_current(name, tag), sha256.str(), storage::Survives::power_loss);
  if (named == sha256) driver_.remove(paths::tag_alias(name, tag), storage::Survives::power_loss);
}

bool Tags::remove(const oci::RepositoryName& name, const oci::Tag& tag) {
  const TagLists::Change change(lists_, name, tag);
  const bool existed = driver_.stat(paths::tag_current(name, tag)).has_value();
  // Also where only its directory is left, which 2.8 would list.
  const bool removed = driver_.remove_tree(paths::tag(name, tag), storage::Survives::power_loss);
  driver_.remove(paths::tag_alias(name, tag), storage::Survives::process_crash);
  return removed && existed;
}

void Tags::remove_all_of(const oci::RepositoryName& name, const oci::Digest& sha256) {
  for_each(name, [&](const oci::Tag& tag) {
    if (resolve(name, tag) == sha256) remove(name, tag);
  });
}

std::set<oci::Digest> Tags::all_digests(const oci::RepositoryName& name) {
  std::set<oci::Digest> digests;
  for_each(name, [&](const oci::Tag& tag) {
    if (const auto sha256 = resolve(name, tag)) digests.insert(*sha256);
  });
  return digests;
}

void Tags::for_each(const oci::RepositoryName& name,
                    const std::function<void(const oci::Tag&)>& visit) {
  std::string last;
  for (;;) {
    const auto entries = driver_.list(paths::tags(name), last, kChunk);
    if (!entries || entries->empty()) return;
    for (const auto& entry : *entries) {
      if (const auto tag = oci::Tag::parse(entry.name)) visit(*tag);
    }
    last = entries->back().name;
  }
}

}  // namespace registry::content
