#include "directories.hpp"

#include <iterator>
#include <system_error>

namespace registry::storage {

Directories::Directories(base::Files& files, base::Path root)
    : files_(files), root_(std::move(root)) {}

base::MadeDirectory Directories::make_one(const base::Path& path) {
  bool are_too_many = false;
  {
    // Under the lock, so that none is ever there without being known as not durable.
    const std::scoped_lock lock(mutex_);
    const auto made = files_.make_directory(path);
    if (made != base::MadeDirectory::made) return made;
    not_durable_[path.native()] = next_generation_++;
    are_too_many = not_durable_.size() >= kMostNotDurable && !is_making_all_durable_;
    is_making_all_durable_ |= are_too_many;
  }
  if (are_too_many) make_all_durable();
  return base::MadeDirectory::made;
}

// Others go on meanwhile: what they make is not among these.
void Directories::make_all_durable() {
  const auto before = now();
  bool is_done = true;
  try {
    files_.sync_filesystem(root_);
  } catch (const std::system_error&) {
    is_done = false;  // whoever needs one of them syncs it, and learns why it cannot be
  }
  const std::scoped_lock lock(mutex_);
  is_making_all_durable_ = false;
  if (is_done) std::erase_if(not_durable_, [&](const auto& one) { return one.second < before; });
}

// From below, as mostly all but the last are there.
void Directories::make(const base::Path& path) {
  constexpr int kTries = 5;  // others may remove an empty parent in between
  for (int i = 0; i < kTries; ++i) {
    const auto made = make_one(path);
    if (made == base::MadeDirectory::made) return;
    if (made == base::MadeDirectory::was_there) break;
    // A store that was moved away is not begun anew in its old place.
    if (path == root_ || path.parent_path() == root_) break;
    make(path.parent_path());
  }
  const auto now = files_.status(path);
  if (now && now->kind == base::FileKind::directory) return;
  const auto error = now ? ENOTDIR : ENOENT;
  throw std::system_error(error, std::generic_category(), "cannot make " + path.string());
}

bool Directories::make_new(const base::Path& path) noexcept {
  try {
    auto made = make_one(path);
    if (made == base::MadeDirectory::no_parent) {
      make(path.parent_path());
      made = make_one(path);
    }
    return made == base::MadeDirectory::made;
  } catch (const std::exception&) {
    return false;
  }
}

std::uint64_t Directories::generation_of(const base::Path& path) {
  const std::scoped_lock lock(mutex_);
  const auto found = not_durable_.find(path.native());
  return found == not_durable_.end() ? 0 : found->second;
}

void Directories::sync(const base::Path& path) {
  files_.sync_directory(path);
  for (auto directory = path; directory != root_; directory = directory.parent_path()) {
    const auto generation = generation_of(directory);
    if (generation == 0) continue;
    files_.sync_directory(directory.parent_path());
    // Only now: until the sync is done, whoever else needs this directory has to sync it too.
    const std::scoped_lock lock(mutex_);
    const auto found = not_durable_.find(directory.native());
    if (found != not_durable_.end() && found->second == generation) not_durable_.erase(found);
  }
}

std::uint64_t Directories::now() {
  const std::scoped_lock lock(mutex_);
  return next_generation_;
}

void Directories::forget(const base::Path& path, std::uint64_t before) {
  const std::scoped_lock lock(mutex_);
  const auto prefix = path.native() + '/';
  const auto is_below = [&](const std::string& one) {
    return one == path.native() || one.starts_with(prefix);
  };
  auto at = not_durable_.lower_bound(path.native());
  while (at != not_durable_.end() && at->first.starts_with(path.native())) {
    at = is_below(at->first) && at->second < before ? not_durable_.erase(at) : std::next(at);
  }
}

}  // namespace registry::storage
