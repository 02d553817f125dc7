#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "directories.hpp"
#include "registry/base/files.hpp"
#include "registry/storage/driver.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "unsettled.hpp"

namespace registry::storage {

inline constexpr std::string_view kAside = "aside";  // below the store's own directory

// What a crash between the steps of each method leaves is in docs/storage-layout.md.
class FilesystemDriver final : public Driver {
 public:
  FilesystemDriver(base::Files& files, base::Path root, Access access);

  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override;
  void put(const std::string& path, std::string_view content, Survives survives) override;
  void make(const std::string& path, std::string_view content) override;
  std::optional<Status> stat(const std::string& path) override;
  std::optional<std::vector<Entry>> list(const std::string& path, std::string_view after,
                                         std::size_t limit) override;
  bool visit(const std::string& path, const Visitor& visit) override;
  std::vector<bool> exist_below(const std::string& directory,
                                const std::vector<std::string>& paths) override;
  std::unique_ptr<Folder> folder(const std::string& directory) override;
  bool remove(const std::string& path, Survives survives) override;
  bool remove_tree(const std::string& path, Survives survives) override;
  bool remove_directory(const std::string& path) override;
  bool move(const std::string& from, const std::string& to) override;
  void make_directory(const std::string& path) override;
  std::optional<base::Space> space() override { return files_.space(root_); }
  void sync() override { files_.sync_filesystem(root_); }
  std::unique_ptr<BlobReader> open(const std::string& path) override;
  std::unique_ptr<BlobWriter> append(const std::string& path) override;

 private:
  friend class FilesystemFolder;

  base::Path full(const std::string& path) const { return root_ / path; }
  void empty_aside();
  base::Path new_name_aside();
  bool place(const base::Path& from, const base::Path& to);
  bool rename_to(const base::Path& from, const base::Path& to);
  bool make_way(const base::Path& to);
  bool is_there(const base::Path& path);
  base::FileKind kind_behind(const base::Path& link);
  bool place_durably(const base::Path& from, const std::string& to);
  void write_aside(const base::Path& aside, std::string_view content, Survives survives);

  base::Files& files_;
  const base::Path root_, aside_;
  Directories directories_;
  Unsettled unsettled_;
  std::mutex making_way_;
  std::atomic<std::uint64_t> next_aside_ = 0;
};

Status status_of(const base::FileStatus& status);

// `path` and all below it; of a symbolic link the link alone.
void remove_recursively(base::Files& files, const base::Path& path,
                        const std::stop_token& stop = {});

}  // namespace registry::storage
