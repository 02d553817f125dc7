#include "repository_sweeper.hpp"

#include <algorithm>
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
  sweep_repository();
}

void RepositorySweeper::cannot_remove(const std::string& path, const std::string& why) {
  ++failed_;
  base::log::warn("cannot remove", {{"path", path}, {"err", why}});
}

// Nothing changes in the repository meanwhile. `what` empty: it is not worth a word.
void RepositorySweeper::remove_while(const std::function<bool()>& is_so, const std::string& what,
                                     const std::string& path) {
  if (!is_so()) return;
  std::optional<content::RepositoryLocks::Alone> lock;
  if (!dry_run_) lock.emplace(tools_.content.locks, name_);
  if (lock && !is_so()) return;
  if (!what.empty()) tools_.say(name_.str() + ": " + what);
  if (dry_run_) return;
  try {
    driver_.remove_tree(path, storage::Survives::process_crash);
  } catch (const std::system_error& error) {
    cannot_remove(path, error.what());
  }
}

// Each with the folder of its own, in the directory. Returns which of them are gone.
std::vector<bool> RepositorySweeper::remove_links(const std::string& directory,
                                                  std::span<const Doomed> doomed) {
  constexpr std::size_t kAtOnce = 256;  // a push waits that long
  std::vector<bool> gone;
  while (gone.size() < doomed.size()) {
    const auto rest = doomed.subspan(gone.size());
    const auto some = remove_some_links(directory, rest.first(std::min(rest.size(), kAtOnce)));
    gone.insert(gone.end(), some.begin(), some.end());
  }
  return gone;
}

std::vector<bool> RepositorySweeper::remove_some_links(const std::string& directory,
                                                       std::span<const Doomed> doomed) {
  if (dry_run_) return std::vector<bool>(doomed.size(), true);
  const content::RepositoryLocks::Alone lock(tools_.content.locks, name_);
  // What is told from memory from here on was read, and promised, since the mark began.
  tools_.content.recent.forget_repository(name_.str());
  std::vector<char> gone(doomed.size());
  std::vector<std::string> failures(doomed.size());
  const auto folder = driver_.folder(directory);
  tools_.crew.for_each(doomed.size(), [&](std::size_t i) {
    try {
      gone[i] = remove_link(*folder, doomed[i]) ? 1 : 0;
    } catch (const std::exception& error) {
      failures[i] = error.what();
    }
  });
  for (std::size_t i = 0; i < failures.size(); ++i) {
    if (gone[i] != 0 && doomed[i].is_manifest) count_off(doomed[i].name);
    if (failures[i].empty()) continue;
    cannot_remove(directory + '/' + std::string(doomed[i].name.hex()), failures[i]);
  }
  return {gone.begin(), gone.end()};
}

// While nobody can push it again.
void RepositorySweeper::count_off(const oci::Digest& manifest) {
  tools_.content.counts.remove(name_, manifest, marker_.references_of(manifest));
}

bool RepositorySweeper::remove_link(storage::Folder& folder, const Doomed& doomed) {
  const std::string hex(doomed.name.hex());
  if (!doomed.leads_to) {
    if (folder.stat(hex + "/link")) return false;  // it has come meanwhile
    folder.remove_tree(hex, {});
    return true;
  }
  const auto removal = tools_.guard.begin_removal(*doomed.leads_to);
  if (removal) folder.remove_tree(hex, {{"link"}});
  return removal.has_value();
}

std::vector<oci::Digest> RepositorySweeper::remove_manifests(
    std::span<const oci::Digest> manifests) {
  std::vector<Doomed> doomed;
  for (const auto& sha256 : manifests) doomed.push_back({sha256, sha256, true});
  const auto gone = remove_links(paths::revisions(name_) + "/sha256", doomed);
  std::vector<oci::Digest> still_there;
  for (std::size_t i = 0; i < gone.size(); ++i) {
    if (!gone[i]) still_there.push_back(doomed[i].name);
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
    std::vector<Doomed> without_link;
    for (std::size_t i = 0; i < exist.size(); ++i) {
      if (exist[i] != 0) continue;
      if (may_exist(driver_, paths::revision_link(name_, digests[i]))) continue;
      without_link.push_back({digests[i], std::nullopt});
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
  const auto points_nowhere = [&] {
    return look_at_link(driver_, paths::tag_current(name_, *tag)).state == Link::State::absent;
  };
  if (points_nowhere()) {
    return remove_while(points_nowhere, "tag without a manifest eligible for deletion: " + text,
                        paths::tag(name_, *tag));
  }
  const auto index = paths::tag(name_, *tag) + "/index/sha256";
  for_each_digest(driver_, index, Algorithm::sha256, [&](const oci::Digest& sha256) {
    remove_while([&] { return is_gone(sha256); },
                 "index entry of tag " + text + " eligible for deletion: " + sha256.str(),
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
  std::vector<Doomed> doomed;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].is_stored) continue;
    const auto link = seen[i].digest ? Link{Link::State::whole, seen[i].digest}
                                     : look_at_link(driver_, paths::layer_link(name_, digests[i]));
    if (link.state == Link::State::damaged) continue;  // the next push mends it
    if (link.state == Link::State::whole) {
      const bool is_needed =
          marker_.needs_layer(*link.digest) && may_exist(driver_, paths::blob(*link.digest));
      if (is_needed) continue;
      if (tools_.guard.protects(*link.digest)) {
        still_linked_.push_back(*link.digest);
        continue;
      }
      tools_.say(name_.str() + ": layer link eligible for deletion: " + digests[i].str());
    }
    doomed.push_back({digests[i], link.digest});
  }
  const auto gone = remove_links(directory, doomed);
  for (std::size_t i = 0; i < gone.size(); ++i) {
    if (!gone[i] && doomed[i].leads_to) still_linked_.push_back(*doomed[i].leads_to);
  }
}

// The mark did not keep it, nor has it come since; in a dry run those that would go are still
// there.
bool RepositorySweeper::is_gone(const oci::Digest& sha256) {
  if (marker_.keeps(sha256)) return false;
  if (dry_run_ && marker_.has_seen(sha256)) return true;
  return !may_exist(driver_, paths::revision_link(name_, sha256));
}

bool RepositorySweeper::leads_nowhere(const std::string& link_path) {
  const auto link = look_at_link(driver_, link_path);
  return link.state == Link::State::absent || (link.digest && is_gone(*link.digest));
}

// Names of manifests that are gone; they count for nothing, and are only tidied up.
void RepositorySweeper::sweep_aliases() {
  if (marker_.is_unknown()) return;
  const auto directory = paths::aliases(name_) + "/sha512";
  for_each_digest(driver_, directory, Algorithm::sha512, [&](const oci::Digest& sha512) {
    const auto path = paths::manifest_alias(name_, sha512);
    remove_while([&] { return leads_nowhere(path); },
                 "alias eligible for deletion: " + sha512.str(), folder_of(path));
  });
}

// 2.8 takes a tag away and knows nothing of this.
void RepositorySweeper::sweep_tag_aliases() {
  const auto directory = paths::aliases(name_) + "/tags";
  for_each_entry(driver_, directory, [&](const storage::Entry& entry) {
    const auto tag = oci::Tag::parse(entry.name);
    if (!tag || entry.is_directory) return;
    remove_while([&] { return !may_exist(driver_, paths::tag_current(name_, *tag)); }, "",
                 paths::tag_alias(name_, *tag));
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
          remove_while([&] { return leads_nowhere(path); },
                       "referrer eligible for deletion: " + referrer.str(), folder_of(path));
        });
      }
    });
  }
}

// What 2.8 leaves of cancelled uploads, and a crash of one that has just begun. An upload that says
// when it began may go on.
void RepositorySweeper::sweep_uploads() {
  for_each_directory(driver_, paths::uploads(name_), [&](const std::string& id) {
    if (!content::is_upload_id(id)) return;
    if (may_exist(driver_, paths::upload_started_at(name_, id))) return;
    tools_.say(name_.str() + ": cancelled upload eligible for deletion: " + id);
    if (dry_run_) return;
    try {
      tools_.content.uploads.remove_untouched(name_, id, tools_.guard.wall_cutoff());
    } catch (const std::system_error& error) {
      cannot_remove(paths::upload(name_, id), error.what());
    }
  });
}

namespace {

// A directory with all that is below it, unless there is a file.
bool remove_empty(storage::Driver& driver, const std::string& path) {
  bool is_empty = true;
  for_each_directory(driver, path, [&](const std::string& name) {
    is_empty = is_empty && remove_empty(driver, path + '/' + name);
  });
  return is_empty && driver.remove_directory(path);
}

}  // namespace

bool RepositorySweeper::has_nothing_in(const std::string& path) {
  bool has_something = false;
  const bool readable =
      for_each_entry(driver_, path, [&](const storage::Entry&) { has_something = true; });
  return readable && !has_something;
}

// One that has nothing left leaves the catalog, and so do folders that had but this one in them.
// All its manifests go before the folder of its tags does, without which 2.8 fails. An upload may
// begin in it at any moment, without a lock: it makes again what it misses.
void RepositorySweeper::sweep_repository() {
  if (dry_run_ || marker_.is_unknown()) return;
  const auto parts = {paths::layers(name_) + "/sha256", paths::layers(name_) + "/sha512",
                      paths::revisions(name_) + "/sha256", paths::tags(name_),
                      paths::uploads(name_)};
  const auto has_nothing = [&](const std::string& part) { return has_nothing_in(part); };
  if (!std::ranges::all_of(parts, has_nothing)) return;
  const content::RepositoryLocks::Alone lock(tools_.content.locks, name_);
  if (!std::ranges::all_of(parts, has_nothing)) return;
  const auto repository = paths::repository(name_);
  try {
    for (const char* part : {"_layers", "_manifests", "_uploads", "_alias", "_referrers"}) {
      remove_empty(driver_, repository + '/' + part);
    }
    auto folder = repository;
    while (folder != paths::kRepositories && driver_.remove_directory(folder)) {
      folder.resize(folder.rfind('/'));
    }
    tools_.content.catalog_index.removed(name_);
  } catch (const std::system_error& error) {
    cannot_remove(repository, error.what());
  }
}

}  // namespace registry::maintenance
