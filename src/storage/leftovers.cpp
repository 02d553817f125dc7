// Removes whole directories: those that are set aside, and what an earlier process had set aside.
#include "filesystem_driver.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "registry/storage/paths.hpp"

namespace registry::storage {

void remove_recursively(base::Files& files, const base::Path& path, const std::stop_token& stop) {
  std::vector<base::Path> directories;
  const bool is_directory = files.list(path, [&](std::string_view name, base::FileKind kind) {
    if (kind == base::FileKind::directory) {
      directories.push_back(path / name);
    } else {
      files.remove_file(path / name);
    }
    return !stop.stop_requested();
  });
  if (stop.stop_requested()) return;
  if (!is_directory) {
    files.remove_file(path);
    return;
  }
  for (const auto& directory : directories) remove_recursively(files, directory, stop);
  files.remove_directory(path);
}

void remove_leftovers(base::Files& files, const base::Path& root, const std::stop_token& stop) {
  const auto own = root / paths::kOwn;
  const auto prefix = std::string(kAside) + "-";
  std::vector<base::Path> leftovers;
  files.list(own, [&](std::string_view name, base::FileKind) {
    if (name.starts_with(prefix)) leftovers.push_back(own / name);
    return true;
  });
  for (const auto& path : leftovers) remove_recursively(files, path, stop);
}

}  // namespace registry::storage
