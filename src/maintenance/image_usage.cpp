#include "registry/maintenance/image_usage.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "links.hpp"
#include "packed_digest.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {
namespace {

namespace paths = storage::paths;
using oci::Algorithm;
using oci::Digest;

// What the tags of a repository point to, in 32 bytes each.
class TagTargets {
 public:
  TagTargets(content::Content& content, const oci::RepositoryName& name) {
    constexpr std::size_t kPage = 1000;
    std::string last;
    for (bool more = true; more;) {
      const auto page = content.tags.list(name, last, kPage);
      if (!page || page->names.empty()) break;
      for (const auto& text : page->names) {
        const auto sha256 = content.tags.resolve(name, *oci::Tag::parse(text));
        if (sha256) targets_.push_back(*pack<32>(sha256->hex()));
      }
      last = page->names.back();
      more = page->more;
    }
    std::ranges::sort(targets_);
  }
  // How many tags point there.
  std::size_t count(const Digest& sha256) const {
    return std::ranges::equal_range(targets_, *pack<32>(sha256.hex())).size();
  }

 private:
  std::vector<PackedDigest<32>> targets_;
};

// The images of one repository, one at a time.
class Weighing {
 public:
  Weighing(content::Content& content, storage::Driver& driver, const oci::RepositoryName& name)
      : content_(content), driver_(driver), name_(name), tags_(content, name) {}

  // So much was read that the rest is for another page.
  bool is_tired() const { return cost_ >= kMostReferences; }

  // nullopt: it is gone.
  std::optional<ImageUsage> weigh_tag(const std::string& text) {
    const auto tag = *oci::Tag::parse(text);
    const auto sha256 = content_.tags.resolve(name_, tag);
    if (!sha256) return std::nullopt;
    forget();
    auto image = weigh(*sha256, 1);
    image.tag = text;
    image.digest = content_.tags.pushed_as(name_, tag, *sha256);
    note_times(*sha256, paths::tag_current(name_, tag), image);
    return image;
  }

  // nullopt: something leads to it.
  std::optional<ImageUsage> weigh_untagged(const Digest& sha256) {
    if (tags_.count(sha256) > 0 || content_.counts.needed_by(name_, sha256) != 1U) {
      return std::nullopt;
    }
    forget();
    if (belongs_to_another(document(sha256))) return std::nullopt;
    auto image = weigh(sha256, 0);
    note_times(sha256, paths::revision_link(name_, sha256), image);
    return image;
  }

 private:
  static constexpr std::size_t kMostReferences = 50'000;

  struct Document {
    bool is_whole = false;
    std::string media_type;
    std::set<Digest> needs;        // itself, and what it names, as that is stored
    std::vector<Digest> children;  // manifests of the repository among them
    std::optional<Digest> subject;
  };
  using Manifests = std::set<Digest>;
  using Needs = std::map<Digest, std::size_t>;  // each blob, and how many manifests need it
  struct TooLarge {};                           // for any image

  void forget() {
    documents_.clear();
    begun_at_ = cost_;
  }

  // `own_tags`: of those that point to it, how many would go.
  ImageUsage weigh(const Digest& root, std::size_t own_tags) {
    ImageUsage image{std::nullopt, root, document(root).media_type, {}, {}, {}, {}, {}};
    try {
      const auto whole = led_to_by(root);
      const auto needs = needs_of(whole);
      std::uint64_t bytes = 0;
      for (const auto& [sha256, _] : needs) bytes += size_of(sha256);
      image.bytes = bytes;
      image.unique = needed_only_by(needs, whole);
      image.frees = bytes_freed_with(root, own_tags);
    } catch (const TooLarge&) {
      // What is known so far says enough.
    }
    return image;
  }

  void note_times(const Digest& sha256, const std::string& path, ImageUsage& image) {
    const auto status = driver_.stat(path);
    if (!status) return;
    image.pushed = status->modified;
    const auto pushed = std::chrono::floor<std::chrono::seconds>(status->modified);
    image.pulled = content_.uses.find(name_, sha256, pushed).pulled;
  }

  const Document& document(const Digest& sha256) {
    const auto known = documents_.find(sha256);
    if (known != documents_.end()) return known->second;
    if (cost_ - begun_at_ >= kMostReferences) throw TooLarge();
    const auto& document = documents_.emplace(sha256, read(sha256)).first->second;
    cost_ += document.needs.size();
    return document;
  }

  Document read(const Digest& sha256) {
    Document document;
    document.needs.insert(sha256);
    const auto content = content_of(sha256);
    if (!content) return document;
    const auto stored = oci::read_stored(*content);
    document.is_whole = stored.is_whole;
    document.media_type = oci::stored_media_type(*content);
    if (stored.subject) document.subject = stored_as(*stored.subject);
    const auto type = oci::parse_media_type(document.media_type);
    const bool may_have_children = !type || oci::is_index(*type);
    for (const auto& reference : stored.references) {
      const auto named = stored_as(reference);
      if (!named || !document.needs.insert(*named).second) continue;
      if (may_have_children && is_manifest(*named)) document.children.push_back(*named);
    }
    return document;
  }

  std::optional<std::string> content_of(const Digest& sha256) {
    try {
      return driver_.get(paths::blob(sha256), oci::kMaxManifestBytes);
    } catch (const std::system_error&) {
      return std::nullopt;  // the mark says what is wrong with it
    }
  }

  std::optional<Digest> stored_as(const Digest& digest) {
    if (digest.algorithm() == Algorithm::sha256) return digest;
    for (const auto& path : links_of_name(name_, digest)) {
      if (const auto link = look_at_link(driver_, path); link.digest) return link.digest;
    }
    return std::nullopt;
  }

  bool is_manifest(const Digest& sha256) {
    return may_exist(driver_, paths::revision_link(name_, sha256));
  }

  bool belongs_to_another(const Document& document) {
    return document.subject && is_manifest(*document.subject);
  }

  std::uint64_t size_of(const Digest& sha256) {
    const auto status = driver_.stat(paths::blob(sha256));
    return status ? status->size_bytes : 0;
  }

  Manifests led_to_by(const Digest& root) {
    Manifests all;
    std::vector<Digest> todo = {root};
    while (!todo.empty()) {
      const auto sha256 = todo.back();
      todo.pop_back();
      if (!all.insert(sha256).second) continue;
      const auto& children = document(sha256).children;
      todo.insert(todo.end(), children.begin(), children.end());
    }
    return all;
  }

  void add_needs_of(const Digest& manifest, Needs& needs) {
    for (const auto& sha256 : document(manifest).needs) ++needs[sha256];
  }
  Needs needs_of(const Manifests& manifests) {
    Needs needs;
    for (const auto& manifest : manifests) add_needs_of(manifest, needs);
    return needs;
  }

  // The bytes that no other manifest of the store needs. nullopt: not known.
  std::optional<std::uint64_t> needed_only_by(const Needs& needs, const Manifests& manifests) {
    const auto is_damaged = [&](const Digest& one) { return !document(one).is_whole; };
    if (std::ranges::any_of(manifests, is_damaged)) return std::nullopt;
    std::uint64_t bytes = 0;
    for (const auto& [sha256, count] : needs) {
      const auto needed_by = content_.counts.needed_by(sha256);
      if (!needed_by) return std::nullopt;
      if (*needed_by == count) bytes += size_of(sha256);
    }
    return bytes;
  }

  std::optional<std::uint64_t> bytes_freed_with(const Digest& root, std::size_t own_tags) {
    if (!content_.counts.is_known()) return std::nullopt;
    Manifests going;
    Needs needs;
    if (!may_go(root, own_tags, going, needs)) return 0;
    std::vector<Digest> todo = {root};
    while (!todo.empty()) {
      const auto sha256 = todo.back();
      todo.pop_back();
      if (!going.insert(sha256).second) continue;
      add_needs_of(sha256, needs);
      const auto follow = [&](const Digest& one) {
        if (!going.contains(one) && may_go(one, 0, going, needs)) todo.push_back(one);
      };
      std::ranges::for_each(document(sha256).children, follow);
      std::ranges::for_each(referrers_of(sha256), follow);
    }
    return needed_only_by(needs, going);
  }

  // Whether nothing that stays leads to it: an index to its children, what is a subject to what
  // refers to it.
  bool may_go(const Digest& sha256, std::size_t own_tags, const Manifests& going,
              const Needs& needs) {
    if (tags_.count(sha256) != own_tags) return false;
    const auto parents = needs.find(sha256);
    const auto by_those = parents == needs.end() ? 0 : parents->second;
    if (content_.counts.needed_by(name_, sha256) != by_those + 1) return false;
    const auto& manifest = document(sha256);
    return !belongs_to_another(manifest) || going.contains(*manifest.subject);
  }

  std::vector<Digest> referrers_of(const Digest& sha256) {
    constexpr std::size_t kMost = 1000;
    std::vector<Digest> all;
    const auto page = content_.referrers.list(name_, sha256, "", kMost, std::nullopt);
    for (const auto& referrer : page.referrers) all.push_back(referrer.sha256);
    return all;
  }

  content::Content& content_;
  storage::Driver& driver_;
  const oci::RepositoryName& name_;
  const TagTargets tags_;
  std::map<Digest, Document> documents_;  // of the image that is weighed
  std::size_t cost_ = 0, begun_at_ = 0;   // in references; where this image began
};

}  // namespace

std::optional<ImagesPage> tagged_images(content::Content& content, storage::Driver& driver,
                                        const oci::RepositoryName& name, std::string_view after,
                                        std::size_t limit) {
  if (!content.catalog.contains(name)) return std::nullopt;
  content.referrers.read_manifests_once(name);
  ImagesPage page;
  const auto tags = content.tags.list(name, after, limit);
  if (!tags) return page;
  Weighing weighing(content, driver, name);
  for (const auto& text : tags->names) {
    if (weighing.is_tired()) break;
    if (auto image = weighing.weigh_tag(text)) page.images.push_back(std::move(*image));
    page.last = text;
  }
  page.more = tags->more || (!tags->names.empty() && page.last != tags->names.back());
  return page;
}

std::optional<ImagesPage> untagged_images(content::Content& content, storage::Driver& driver,
                                          const oci::RepositoryName& name, std::string_view after,
                                          std::size_t limit) {
  if (!content.catalog.contains(name)) return std::nullopt;
  if (!content.counts.is_known()) {
    throw oci::Error(oci::ErrorCode::unavailable,
                     "what leads to a manifest is not known: the store has to be marked first, "
                     "within a minute of the start, unless it has what cannot be read");
  }
  content.referrers.read_manifests_once(name);
  ImagesPage page;
  Weighing weighing(content, driver, name);
  const auto directory = paths::revisions(name) + "/sha256";
  constexpr std::size_t kChunk = 1000;
  constexpr std::string_view kPrefix = "sha256:";
  if (after.starts_with(kPrefix)) after.remove_prefix(kPrefix.size());
  std::string last(after);
  for (;;) {
    const auto entries = driver.list(directory, last, kChunk);
    if (!entries || entries->empty()) return page;
    for (const auto& entry : *entries) {
      const auto sha256 = Digest::parse("sha256:" + entry.name);
      if (!sha256) continue;
      if (page.images.size() == limit || weighing.is_tired()) {
        page.more = true;
        return page;
      }
      page.last = sha256->str();
      if (auto image = weighing.weigh_untagged(*sha256)) page.images.push_back(std::move(*image));
    }
    last = entries->back().name;
  }
}

}  // namespace registry::maintenance
