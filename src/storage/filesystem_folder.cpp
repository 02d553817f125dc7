// Folders of the filesystem driver.
#include <system_error>

#include "filesystem_driver.hpp"

namespace registry::storage {

class FilesystemFolder final : public Folder {
 public:
  FilesystemFolder(FilesystemDriver& driver, const std::string& directory)
      : driver_(driver),
        prefix_(directory + '/'),
        folder_(driver.files_.folder(driver.full(directory))) {}

  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    std::optional<std::string> content;
    const auto look = [&] { content = folder_->read(path, max_bytes); };
    if (driver_.unsettled_.saw_settled(look)) return content;
    return driver_.get(prefix_ + path, max_bytes);
  }

  std::optional<Status> stat(const std::string& path) override {
    std::optional<base::FileStatus> status;
    const auto look = [&] { status = folder_->status(path); };
    if (!driver_.unsettled_.saw_settled(look)) return driver_.stat(prefix_ + path);
    return status ? std::optional(status_of(*status)) : std::nullopt;
  }

  // Only what is more than what is known has to be moved aside.
  void remove_tree(const std::string& directory, const std::vector<Known>& known) override {
    const auto before = driver_.directories_.now();
    try {
      for (const auto& [path, is_directory] : known) {
        const auto below = directory + '/' + path;
        is_directory ? folder_->remove_directory(below) : folder_->remove_file(below);
      }
      if (folder_->remove_directory(directory)) {
        driver_.directories_.forget(driver_.full(prefix_ + directory), before);
        return;
      }
    } catch (const std::system_error&) {
      // Of the whole directory it may be possible; if not, that says why.
    }
    driver_.remove_tree(prefix_ + directory, Survives::process_crash);
  }

 private:
  FilesystemDriver& driver_;
  const std::string prefix_;
  const std::unique_ptr<base::Folder> folder_;
};

std::unique_ptr<Folder> FilesystemDriver::folder(const std::string& directory) {
  return std::make_unique<FilesystemFolder>(*this, directory);
}

}  // namespace registry::storage
