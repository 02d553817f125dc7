#include "filesystem_driver.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

#include "filesystem_blob.hpp"
#include "registry/base/log.hpp"
#include "registry/base/uuid.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "registry/storage/paths.hpp"

namespace registry::storage {
namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

Status status_of(const base::FileStatus& status) {
  return {status.kind == base::FileKind::directory, status.size_bytes, status.modified, status.id};
}

FilesystemDriver::FilesystemDriver(base::Files& files, base::Path root, Access access)
    : files_(files),
      // Without a slash at its end: no parent of what is below it has one.
      root_(root.has_filename() ? std::move(root) : root.parent_path()),
      aside_(root_ / paths::kOwn / kAside),
      directories_(files_, root_) {
  directories_.make(root_);
  if (access == Access::looks_on) return;
  directories_.make(aside_.parent_path());
  empty_aside();
  files_.sync_filesystem(root_);
}

// In one step, however much there is; remove_leftovers does the rest. On a volume that is full a
// directory may not be made: then there is nothing aside to be emptied, or it makes the room.
void FilesystemDriver::empty_aside() {
  bool is_empty = true;
  const bool is_there = files_.list(aside_, [&](std::string_view, base::FileKind) {
    is_empty = false;
    return false;
  });
  if (is_there && is_empty) return;
  const base::Path leftovers = aside_.string() + "-" + base::make_uuid();
  files_.rename(aside_, leftovers);
  try {
    directories_.make(aside_);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::no_space_on_device) throw;
    remove_recursively(files_, leftovers);
    directories_.make(aside_);
  }
}

base::Path FilesystemDriver::new_name_aside() {
  return aside_ / std::to_string(next_aside_++);
}

std::optional<std::string> FilesystemDriver::get(const std::string& path, std::size_t max_bytes) {
  const auto file = unsettled_.settled(path, [&] { return files_.open(full(path)); });
  if (!file) return std::nullopt;
  const auto size = file->size();
  if (size > max_bytes) fail(EFBIG, path + " has " + std::to_string(size) + " bytes");
  std::string content(size, '\0');
  const auto n = file->read_at(0, std::as_writable_bytes(std::span(content)));
  content.resize(n);
  return content;
}

void FilesystemDriver::write_aside(const base::Path& aside, std::string_view content,
                                   Survives survives) {
  const auto file = files_.create(aside);
  if (!file) fail(ENOENT, "cannot create " + aside.string());
  file->write_at(0, std::as_bytes(std::span(content)));
  if (survives == Survives::power_loss) file->sync();
}

void FilesystemDriver::put(const std::string& path, std::string_view content, Survives survives) {
  const auto aside = new_name_aside();
  try {
    write_aside(aside, content, survives);
    const bool placed =
        survives == Survives::power_loss ? place_durably(aside, path) : place(aside, full(path));
    if (!placed) fail(ENOENT, "cannot place " + path);
  } catch (...) {
    try {
      files_.remove_file(aside);
    } catch (const std::system_error&) {
      // The next start removes it.
    }
    throw;
  }
}

void FilesystemDriver::make(const std::string& path, std::string_view content) {
  const auto target = full(path);
  std::unique_ptr<base::File> file;
  try {
    file = files_.create(target);
    if (!file) {
      directories_.make(target.parent_path());
      file = files_.create(target);
    }
  } catch (const std::system_error& error) {
    const bool is_in_the_way =
        error.code() == std::errc::file_exists || error.code() == std::errc::not_a_directory;
    if (!is_in_the_way) throw;
  }
  if (!file) return put(path, content, Survives::process_crash);  // which makes way
  try {
    file->write_at(0, std::as_bytes(std::span(content)));
  } catch (const std::system_error&) {
    files_.remove_file(target);
    throw;
  }
}

// False: `from` is absent.
bool FilesystemDriver::place(const base::Path& from, const base::Path& to) {
  try {
    return rename_to(from, to);
  } catch (const std::system_error& error) {
    const bool is_in_the_way =
        error.code() == std::errc::is_a_directory || error.code() == std::errc::not_a_directory;
    if (!is_in_the_way) throw;
    make_way(to);
  }
  return rename_to(from, to);  // also where another has made way meanwhile
}

bool FilesystemDriver::rename_to(const base::Path& from, const base::Path& to) {
  // Most directories are there already. Another request may remove an empty one in between.
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    if (files_.rename(from, to)) return true;
    const bool is_surely_there = from.parent_path() == aside_;  // nobody else knows its name
    if (!is_surely_there && !files_.status(from)) return false;
    directories_.make(to.parent_path());
  }
  fail(ENOENT, "cannot place " + to.string());
}

// A directory where a file belongs, or a file where a directory does: no content of ours, but
// somebody's, so it is kept. One at a time: what was seen to be in the way must be what is moved,
// and not what another request has put there meanwhile. False: there is none.
bool FilesystemDriver::make_way(const base::Path& to) {
  const std::scoped_lock lock(making_way_);
  auto stray = to;
  auto wrong = base::FileKind::directory;
  for (auto at = to; at != root_; at = at.parent_path()) {
    const auto status = files_.status(at);
    if (status && (status->kind == base::FileKind::directory) == (at == to)) {
      stray = at;
      wrong = status->kind;
      break;
    }
    if (at.parent_path() == root_) return false;
  }
  const auto away = root_ / paths::kOwn / "quarantine" / ("stray-" + base::make_uuid());
  directories_.make(away.parent_path());
  const auto before = directories_.now();
  if (!files_.rename(stray, away)) return false;
  if (wrong == base::FileKind::directory) directories_.forget(stray, before);
  base::log::warn("something else was in the place of the store's own, and is kept aside",
                  {{"path", stray.string()}, {"now", away.string()}});
  return true;
}

// Also as a link that leads nowhere but to itself, which a rename replaces.
bool FilesystemDriver::is_there(const base::Path& path) {
  try {
    return files_.status(path).has_value();
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::too_many_symbolic_link_levels) throw;
    return true;
  }
}

bool FilesystemDriver::place_durably(const base::Path& from, const std::string& to) {
  const auto target = full(to);
  Unsettled::Mark mark(unsettled_, to);
  const bool is_new = directories_.make_new(target.parent_path()) || !is_there(target);
  if (!place(from, target)) return false;
  try {
    directories_.sync(target.parent_path());
  } catch (...) {
    // Visible, and perhaps not durable: nobody may rely on it. What it replaced cannot be brought
    // back, but was acknowledged, and so is one of the two that a power loss can leave.
    mark.failed();
    if (is_new) files_.remove_file(target);
    throw;
  }
  return true;
}

std::optional<Status> FilesystemDriver::stat(const std::string& path) {
  const auto status = unsettled_.settled(path, [&] { return files_.status(full(path)); });
  if (!status) return std::nullopt;
  return status_of(*status);
}

// Where a link leads that cannot be followed there may be a directory: whoever needs to know what
// is in it must fail, and nobody else.
base::FileKind FilesystemDriver::kind_behind(const base::Path& link) {
  try {
    const auto status = files_.status(link);
    return status ? status->kind : base::FileKind::link;
  } catch (const std::system_error&) {
    return base::FileKind::directory;
  }
}

std::optional<std::vector<Entry>> FilesystemDriver::list(const std::string& path,
                                                         std::string_view after,
                                                         std::size_t limit) {
  const auto before = [](const Entry& a, const Entry& b) { return a.name < b.name; };
  std::vector<Entry> heap;  // the smallest names so far, the largest of them on top
  const auto directory = full(path);
  const bool found = files_.list(directory, [&](std::string_view name, base::FileKind kind) {
    if (name <= after || limit == 0) return true;
    if (heap.size() == limit) {
      if (name >= heap.front().name) return true;
      std::ranges::pop_heap(heap, before);
      heap.pop_back();
    }
    // An operator may have moved a part of the tree elsewhere, and left a link.
    if (kind == base::FileKind::link) kind = kind_behind(directory / name);
    heap.push_back(
        {std::string(name), kind == base::FileKind::directory, kind == base::FileKind::link});
    std::ranges::push_heap(heap, before);
    return true;
  });
  if (!found) return std::nullopt;
  std::ranges::sort_heap(heap, before);
  return heap;
}

bool FilesystemDriver::visit(const std::string& path, const Visitor& visit) {
  const auto directory = full(path);
  Entry entry;
  return files_.list(directory, [&](std::string_view name, base::FileKind kind) {
    if (kind == base::FileKind::link) kind = kind_behind(directory / name);
    entry.name = name;
    entry.is_directory = kind == base::FileKind::directory;
    entry.leads_nowhere = kind == base::FileKind::link;
    return visit(entry);
  });
}

std::vector<bool> FilesystemDriver::exist_below(const std::string& directory,
                                                const std::vector<std::string>& paths) {
  std::vector<bool> exist;
  const auto look = [&] { exist = files_.exist_below(full(directory), paths); };
  if (!unsettled_.saw_settled(look)) exist.assign(paths.size(), false);
  return exist;
}

bool FilesystemDriver::remove(const std::string& path, Survives survives) {
  const auto target = full(path);
  if (!files_.remove_file(target)) return false;
  if (survives == Survives::power_loss) files_.sync_directory(target.parent_path());
  return true;
}

bool FilesystemDriver::remove_tree(const std::string& path, Survives survives) {
  const auto target = full(path);
  const auto aside = new_name_aside();
  const auto before = directories_.now();
  if (!files_.rename(target, aside)) return false;
  directories_.forget(target, before);
  if (survives == Survives::power_loss) files_.sync_directory(target.parent_path());
  try {
    remove_recursively(files_, aside);
  } catch (const std::system_error&) {
    // It is gone from where it was; the next start removes the rest.
  }
  return true;
}

// Whoever puts something there meanwhile makes what is missing again.
bool FilesystemDriver::remove_directory(const std::string& path) {
  const auto target = full(path);
  const auto before = directories_.now();
  if (!files_.remove_directory(target)) return !files_.status(target);
  directories_.forget(target, before);
  return true;
}

// Nothing else is left of what is moved: so the directory that it goes to is durable before, and
// where a sync fails afterwards it stays there.
bool FilesystemDriver::move(const std::string& from, const std::string& to) {
  const auto source = full(from), target = full(to);
  if (!is_there(source)) return false;
  directories_.make(target.parent_path());
  directories_.sync(target.parent_path());
  const Unsettled::Mark mark(unsettled_, to);
  if (!place(source, target)) return false;
  files_.sync_directory(target.parent_path());
  files_.sync_directory(source.parent_path());
  return true;
}

void FilesystemDriver::make_directory(const std::string& path) {
  directories_.make(full(path));
  directories_.sync(full(path));
}

std::unique_ptr<BlobReader> FilesystemDriver::open(const std::string& path) {
  auto file = unsettled_.settled(path, [&] { return files_.open(full(path)); });
  if (!file) return nullptr;
  return std::make_unique<FilesystemReader>(std::move(file));
}

std::unique_ptr<BlobWriter> FilesystemDriver::append(const std::string& path) {
  const auto target = full(path);
  auto file = files_.open_for_write(target);
  if (!file) {
    if (files_.status(target)) make_way(target);
    directories_.make(target.parent_path());
    file = files_.create(target);
  }
  if (!file) fail(ENOENT, "cannot create " + path);
  const auto place = [this, target](const std::string& to) {
    if (!place_durably(target, to)) fail(ENOENT, "the upload is gone: " + target.string());
  };
  return std::make_unique<FilesystemWriter>(std::move(file), place);
}

std::unique_ptr<Driver> make_filesystem_driver(base::Files& files, const base::Path& root,
                                               Access access) {
  return std::make_unique<FilesystemDriver>(files, root, access);
}

}  // namespace registry::storage
