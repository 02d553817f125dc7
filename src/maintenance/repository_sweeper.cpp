#include "repository_sweeper.hpp"

#include <array>
#include <system_error>

#include "registry/base/log.hpp"
#include "registry/content/uploads.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {

namespace paths = storage::paths;
using oci::Algorithm;

namespace {

constexpr std::array kAlgorithms = {Algorithm::sha256, Algorithm::sha512};

// A link has a folder of its own, which goes with it.
std::string folder_of(const std::string& link_path) {
  return link_path.substr(0, link_path.rfind('/'));
}

}  // namespace

void RepositorySweeper::sweep() {
  sweep_tags();
  sweep_revisions();
  sweep_referrers();
  sweep_aliases();
  sweep_tag_aliases();
  sweep_layers();
  sweep_uploads();
}

// `what` empty: it was said already, or is but an empty folder.
bool RepositorySweeper::remove(const std::string& what, const std::string& path) {
  if (!what.empty()) tools_.say(name_.str() + ": " + what);
  if (dry_run_) return true;
  try {
    driver_.remove_tree(path, storage::Survives::process_crash);
    return true;
  } catch (const std::system_error& error) {
    cannot_remove(path, error.what());
    return false;
  }
}

void RepositorySweeper::cannot_remove(const std::string& path, const std::string& why) {
  ++failed_;
  base::log::warn("cannot remove", {{"path", path}, {"err", why}});
}

// Each with the folder of its own, in the directory. Returns which of them are gone.
std::vector<bool> RepositorySweeper::remove_links(const std::string& directory,
                                                  std::span<const oci::Digest> digests) {
  std::vector<bool> gone(digests.size(), true);
  if (dry_run_ || digests.empty()) return gone;
  std::vector<std::string> failures(digests.size());
  const auto folder = driver_.folder(directory);
  tools_.crew.for_each(digests.size(), [&](std::size_t i) {
    try {
      folder->remove_tree(std::string(digests[i].hex()), {{"link"}});
    } catch (const std::exception& error) {
      failures[i] = error.what();
    }
  });
  for (std::size_t i = 0; i < failures.size(); ++i) {
    if (failures[i].empty()) continue;
    gone[i] = false;
    cannot_remove(directory + '/' + std::string(digests[i].hex()), failures[i]);
  }
  return gone;
}

std::vector<oci::Digest> RepositorySweeper::remove_manifests() {
  const auto gone = remove_links(paths::revisions(name_) + "/sha256", marker_.doomed());
  std::vector<oci::Digest> still_there;
  for (std::size_t i = 0; i < gone.size(); ++i) {
    if (!gone[i]) still_there.push_back(marker_.doomed()[i]);
  }
  return still_there;
}

// A delete takes the link and leaves its folder.
void RepositorySweeper::sweep_revisions() {
  const auto directory = paths::revisions(name_) + "/sha256";
  const auto sweep_some = [&](std::span<const oci::Digest> digests) {
    std::vector<char> exist(digests.size());
    const auto folder = driver_.folder(directory);
    tools_.crew.for_each(exist.size(), [&](std::size_t i) {
      exist[i] = exists(*folder, std::string(digests[i].hex()) + "/link") ? 1 : 0;
    });
    std::vector<oci::Digest> without_link;
    for (std::size_t i = 0; i < exist.size(); ++i) {
      if (exist[i] != 0) continue;
      if (may_exist(driver_, paths::revision_link(name_, digests[i]))) continue;
      without_link.push_back(digests[i]);
    }
    remove_links(directory, without_link);
  };
  for_some_digests(driver_, directory, Algorithm::sha256, sweep_some);
}

void RepositorySweeper::sweep_tags() {
  if (marker_.is_unknown()) return;
  constexpr std::size_t kChunk = 1000;
  std::vector<std::string> some;
  const auto sweep_some = [&] {
    std::vector<char> is_clean(some.size());
    const auto folder = driver_.folder(paths::tags(name_));
    tools_.crew.for_each(
        some.size(), [&](std::size_t i) { is_clean[i] = is_clean_tag(*folder, some[i]) ? 1 : 0; });
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (is_clean[i] == 0) sweep_tag(some[i]);
    }
    some.clear();
  };
  for_each_directory(driver_, paths::tags(name_), [&](const std::string& text) {
    some.push_back(text);
    if (some.size() == kChunk) sweep_some();
  });
  sweep_some();
}

// In silence. False: look at it more closely.
bool RepositorySweeper::is_clean_tag(storage::Folder& tags,
                                     const std::string& text) const noexcept {
  try {
    if (!glance_at_link(tags, paths::tag_current_below_tags(text))) return false;
    bool is_clean = true;
    const auto index = paths::tags(name_) + '/' + text + "/index/sha256";
    const bool found = driver_.visit(index, [&](const storage::Entry& entry) {
      const auto sha256 = oci::Digest::parse("sha256:" + entry.name);
      is_clean = !entry.is_directory || !sha256 || marker_.keeps(*sha256);
      return is_clean;
    });
    return found && is_clean;
  } catch (const std::exception&) {
    return false;
  }
}

// A tag that points nowhere is what a crash has left of a push or a delete; an entry of its index
// for a manifest that is gone is what a delete by digest leaves.
void RepositorySweeper::sweep_tag(const std::string& text) {
  const auto tag = oci::Tag::parse(text);
  if (!tag) return;
  if (look_at_link(driver_, paths::tag_current(name_, *tag)).state == Link::State::absent) {
    remove("tag without a manifest eligible for deletion: " + text, paths::tag(name_, *tag));
    return;
  }
  const auto index = paths::tag(name_, *tag) + "/index/sha256";
  for_each_digest(driver_, index, Algorithm::sha256, [&](const oci::Digest& sha256) {
    if (marker_.keeps(sha256)) return;
    remove("index entry of tag " + text + " eligible for deletion: " + sha256.str(),
           folder_of(paths::tag_index(name_, *tag, sha256)));
  });
}

// One that no manifest of the repository references, or whose data is gone.
void RepositorySweeper::sweep_layers() {
  if (marker_.is_unknown()) return;
  for (const auto algorithm : kAlgorithms) {
    const auto directory = paths::layers(name_) + '/' + std::string(oci::to_string(algorithm));
    for_some_digests(driver_, directory, algorithm, [&](std::span<const oci::Digest> digests) {
      sweep_some_layers(directory, digests);
    });
  }
}

void RepositorySweeper::sweep_some_layers(const std::string& directory,
                                          std::span<const oci::Digest> digests) {
  struct Seen {
    std::optional<oci::Digest> digest;
    bool is_stored = false;
  };
  std::vector<Seen> seen(digests.size());
  const auto folder = driver_.folder(directory);
  tools_.crew.for_each(seen.size(), [&](std::size_t i) {
    seen[i].digest = glance_at_link(*folder, std::string(digests[i].hex()) + "/link");
    if (!seen[i].digest || !marker_.needs_layer(*seen[i].digest)) return;
    seen[i].is_stored = exists(tools_.blobs, paths::blob_below_blobs(seen[i].digest->hex()));
  });
  std::vector<oci::Digest> removed;
  std::vector<std::optional<oci::Digest>> led_to;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].is_stored) continue;
    const auto link = seen[i].digest ? Link{Link::State::whole, seen[i].digest}
                                     : look_at_link(driver_, paths::layer_link(name_, digests[i]));
    if (link.state == Link::State::damaged) continue;  // the next push mends it
    if (link.state == Link::State::whole) {
      const bool is_needed =
          marker_.needs_layer(*link.digest) && may_exist(driver_, paths::blob(*link.digest));
      if (is_needed) continue;
      tools_.say(name_.str() + ": layer link eligible for deletion: " + digests[i].str());
    }
    removed.push_back(digests[i]);
    led_to.push_back(link.digest);
  }
  const auto gone = remove_links(directory, removed);
  for (std::size_t i = 0; i < gone.size(); ++i) {
    if (!gone[i] && led_to[i]) still_linked_.push_back(*led_to[i]);
  }
}

bool RepositorySweeper::leads_nowhere(const std::string& link_path) {
  const auto link = look_at_link(driver_, link_path);
  return link.state == Link::State::absent || (link.digest && !marker_.keeps(*link.digest));
}

// Names of manifests that are gone; they count for nothing, and are only tidied up.
void RepositorySweeper::sweep_aliases() {
  if (marker_.is_unknown()) return;
  const auto directory = paths::aliases(name_) + "/sha512";
  for_each_digest(driver_, directory, Algorithm::sha512, [&](const oci::Digest& sha512) {
    const auto path = paths::manifest_alias(name_, sha512);
    if (leads_nowhere(path))
      remove("alias eligible for deletion: " + sha512.str(), folder_of(path));
  });
}

// 2.8 takes a tag away and knows nothing of this.
void RepositorySweeper::sweep_tag_aliases() {
  const auto directory = paths::aliases(name_) + "/tags";
  for_each_entry(driver_, directory, [&](const storage::Entry& entry) {
    const auto tag = oci::Tag::parse(entry.name);
    if (!tag || entry.is_directory) return;
    if (may_exist(driver_, paths::tag_current(name_, *tag))) return;
    remove("", paths::tag_alias(name_, *tag));
  });
}

void RepositorySweeper::sweep_referrers() {
  if (marker_.is_unknown()) return;
  for (const auto subject_algorithm : kAlgorithms) {
    const auto subjects =
        paths::repository(name_) + "/_referrers/" + std::string(oci::to_string(subject_algorithm));
    for_each_digest(driver_, subjects, subject_algorithm, [&](const oci::Digest& subject) {
      for (const auto algorithm : kAlgorithms) {
        const auto directory =
            paths::referrers(name_, subject) + '/' + std::string(oci::to_string(algorithm));
        for_each_digest(driver_, directory, algorithm, [&](const oci::Digest& referrer) {
          const auto path = paths::referrer_link(name_, subject, referrer);
          if (leads_nowhere(path)) {
            remove("referrer eligible for deletion: " + referrer.str(), folder_of(path));
          }
        });
      }
    });
  }
}

// What 2.8 leaves of cancelled uploads. An upload that says when it began may go on.
void RepositorySweeper::sweep_uploads() {
  for_each_directory(driver_, paths::uploads(name_), [&](const std::string& id) {
    if (!content::is_upload_id(id)) return;
    if (may_exist(driver_, paths::upload_started_at(name_, id))) return;
    remove("cancelled upload eligible for deletion: " + id, paths::upload(name_, id));
  });
}

}  // namespace registry::maintenance
