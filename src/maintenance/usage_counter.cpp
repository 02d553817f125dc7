#include <algorithm>
#include <system_error>
#include <utility>

#include "blob_table.hpp"
#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/maintenance/usage.hpp"
#include "registry/oci/manifest.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {
namespace {

namespace paths = storage::paths;
using oci::Algorithm;
using oci::Digest;

class Counting {
 public:
  Counting(content::Content& content, storage::Driver& driver, const std::stop_token& stop)
      : content_(content), driver_(driver), stop_(stop), blobs_(driver.folder(paths::kBlobs)) {}

  std::optional<Usage> run() {
    usage_.taken = std::chrono::system_clock::now();
    const auto add_shelf = [&](const std::string& shelf) { this->add_shelf(shelf); };
    if (!for_each_directory(driver_, paths::kBlobs, add_shelf)) cannot_see();
    content_.catalog.for_each([&](const auto& name) { add_repository(name); },
                              [&](const std::system_error&) { cannot_see(); });
    if (stop_.stop_requested()) return std::nullopt;
    conclude();
    return std::move(usage_);
  }

 private:
  struct Spare {
    const BlobTable::Blob* blob;
    std::uint32_t repository;
  };

  // What is in there may need, or be, anything.
  void cannot_see() {
    ++usage_.damaged;
    usage_.is_complete = false;
  }
  void cannot_see_all_of(RepositoryUsage& here) {
    ++here.damaged;
    usage_.is_complete = false;
  }

  void add_shelf(const std::string& shelf) {
    if (shelf.size() != 2) return;
    const auto path = paths::kBlobs + '/' + shelf;
    const auto add = [&](const Digest& sha256) {
      if (sha256.hex().starts_with(shelf) && !stop_.stop_requested()) add_blob(sha256);
    };
    if (!for_each_digest(driver_, path, Algorithm::sha256, add)) cannot_see();
  }

  void add_blob(const Digest& sha256) {
    try {
      const auto status = blobs_->stat(paths::blob_below_blobs(sha256.hex()));
      if (status) table_.add(sha256.hex(), status->size_bytes);
    } catch (const std::system_error& error) {
      base::log::warn_once("a blob cannot be counted", {{"err", error.what()}});
      ++usage_.damaged;
    }
  }

  void add_repository(const oci::RepositoryName& name) {
    if (stop_.stop_requested()) return;
    usage_.of_each.push_back({.name = name.str()});
    auto& here = usage_.of_each.back();
    needs_every_layer_ = false;
    try {
      if (content_.catalog.contains(name)) ++usage_.repositories;
      add_manifests(name, here);
      add_layers(name, here);
      add_tags(name, here);
      add_uploads(name, here);
    } catch (const std::system_error& error) {
      base::log::warn_once("a repository cannot be counted", {{"err", error.what()}});
      cannot_see_all_of(here);
    }
  }

  std::uint32_t number() const { return static_cast<std::uint32_t>(usage_.of_each.size() - 1); }

  // One whose link is damaged counts as well, as to the collector.
  void add_manifests(const oci::RepositoryName& name, RepositoryUsage& here) {
    const auto directory = paths::revisions(name) + "/sha256";
    const auto folder = driver_.folder(directory);
    const auto add = [&](const Digest& sha256) {
      if (stop_.stop_requested()) return;
      if (!glance_at_link(*folder, std::string(sha256.hex()) + "/link")) {
        const auto link = look_at_link(driver_, paths::revision_link(name, sha256));
        if (link.state == Link::State::absent) return;
        if (link.state == Link::State::damaged) ++here.damaged;
      }
      add_manifest(name, sha256, here);
    };
    if (!for_each_digest(driver_, directory, Algorithm::sha256, add)) cannot_see_all_of(here);
  }

  void add_manifest(const oci::RepositoryName& name, const Digest& sha256, RepositoryUsage& here) {
    ++here.manifests;
    need(sha256, here);
    const auto document = read(sha256);
    if (!document) {
      // It may need every layer, but no other: so the collector leaves them, too.
      needs_every_layer_ = true;
      ++here.damaged;
      return;
    }
    for (const auto& reference : document->references) {
      if (const auto stored = stored_as(name, reference, here)) need(*stored, here);
    }
  }

  std::optional<oci::StoredDocument> read(const Digest& sha256) {
    try {
      const auto content =
          blobs_->get(paths::blob_below_blobs(sha256.hex()), oci::kMaxManifestBytes);
      auto document = content ? oci::read_stored(*content) : oci::StoredDocument();
      if (document.is_whole) return document;
    } catch (const std::system_error&) {
      // The mark says what is wrong with it.
    }
    return std::nullopt;
  }

  // What is named by its sha512 is stored under its sha256. nullopt: it is not here.
  std::optional<Digest> stored_as(const oci::RepositoryName& name, const Digest& digest,
                                  RepositoryUsage& here) {
    if (digest.algorithm() == Algorithm::sha256) return digest;
    for (const auto& path : links_of_name(name, digest)) {
      const auto link = look_at_link(driver_, path);
      if (link.digest) return link.digest;
      if (link.state == Link::State::damaged) cannot_see_all_of(here);
    }
    return std::nullopt;
  }

  void need(const Digest& sha256, RepositoryUsage& here) {
    auto* blob = table_.find(sha256.hex());
    if (blob == nullptr) return;
    blob->is_needed = 1;
    meet(*blob, here);
  }

  void meet(BlobTable::Blob& blob, RepositoryUsage& here) {
    if (blob.seen_in == number()) return;
    blob.seen_in = number();
    blob.owner = blob.owner == BlobTable::kNobody ? number() : BlobTable::kMany;
    here.bytes += blob.bytes;
  }

  // Behind the manifests. By sha256 alone: what has a name by sha512 has one by sha256 as well.
  void add_layers(const oci::RepositoryName& name, RepositoryUsage& here) {
    const auto add = [&](const Digest& sha256) {
      auto* blob = table_.find(sha256.hex());
      if (blob == nullptr) return;
      if (needs_every_layer_) blob->is_needed = 1;
      if (blob->seen_in != number()) spare_.push_back({blob, number()});
      meet(*blob, here);
    };
    const auto directory = paths::layers(name) + "/sha256";
    if (!for_each_digest(driver_, directory, Algorithm::sha256, add)) cannot_see_all_of(here);
  }

  void add_tags(const oci::RepositoryName& name, RepositoryUsage& here) {
    const auto directory = paths::tags(name);
    std::vector<std::string> links;
    const auto count = [&] {
      const auto exist = driver_.exist_below(directory, links);
      here.tags += static_cast<std::size_t>(std::ranges::count(exist, true));
      links.clear();
    };
    const auto add = [&](const std::string& text) {
      constexpr std::size_t kAtOnce = 1000;
      if (oci::Tag::parse(text)) links.push_back(paths::tag_current_below_tags(text));
      if (links.size() == kAtOnce) count();
    };
    if (!for_each_directory(driver_, directory, add)) ++here.damaged;
    count();
  }

  void add_uploads(const oci::RepositoryName& name, RepositoryUsage& here) {
    for (const auto& id : content_.uploads.ids(name)) {
      const auto data = driver_.stat(paths::upload_data(name, id));
      ++here.uploads;
      if (data) here.upload_bytes += data->size_bytes;
    }
  }

  void conclude() {
    table_.for_each([&](const BlobTable::Blob& blob) {
      ++usage_.blobs;
      usage_.bytes += blob.bytes;
      if (blob.is_needed == 0) usage_.reclaimable += blob.bytes;
      if (blob.owner < BlobTable::kMany) usage_.of_each[blob.owner].unique += blob.bytes;
    });
    for (const auto& [blob, repository] : spare_) {
      if (blob->is_needed == 0) usage_.of_each[repository].reclaimable += blob->bytes;
    }
    for (const auto& one : usage_.of_each) {
      usage_.tags += one.tags;
      usage_.manifests += one.manifests;
      usage_.uploads += one.uploads;
      usage_.upload_bytes += one.upload_bytes;
      usage_.damaged += one.damaged;
    }
    keep_the_largest();
  }

  void keep_the_largest() {
    auto& all = usage_.of_each;
    if (all.size() > Usage::kMostRepositories) {
      std::ranges::nth_element(all, all.begin() + Usage::kMostRepositories, std::greater(),
                               &RepositoryUsage::bytes);
      all.resize(Usage::kMostRepositories);
      all.shrink_to_fit();
    }
    std::ranges::sort(all, {}, &RepositoryUsage::name);
  }

  content::Content& content_;
  storage::Driver& driver_;
  const std::stop_token& stop_;
  const std::unique_ptr<storage::Folder> blobs_;
  BlobTable table_;
  bool needs_every_layer_ = false;  // the repository that is being counted
  std::vector<Spare> spare_;        // links to what the manifests of their repository do not need
  Usage usage_;
};

}  // namespace

const RepositoryUsage* Usage::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(
      of_each, name, {}, [](const RepositoryUsage& one) { return std::string_view(one.name); });
  return found != of_each.end() && found->name == name ? &*found : nullptr;
}

std::optional<Usage> count_usage(content::Content& content, storage::Driver& driver,
                                 const std::stop_token& stop) {
  return Counting(content, driver, stop).run();
}

}  // namespace registry::maintenance
