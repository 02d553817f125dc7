#include "registry/storage/driver.hpp"

namespace registry::storage {
namespace {

class PlainFolder final : public Folder {
 public:
  PlainFolder(Driver& driver, const std::string& directory)
      : driver_(driver), prefix_(directory + '/') {}

  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    return driver_.get(prefix_ + path, max_bytes);
  }
  std::optional<Status> stat(const std::string& path) override {
    return driver_.stat(prefix_ + path);
  }
  void remove_tree(const std::string& directory, const std::vector<Known>&) override {
    driver_.remove_tree(prefix_ + directory, Survives::process_crash);
  }

 private:
  Driver& driver_;
  const std::string prefix_;
};

}  // namespace

std::unique_ptr<Folder> Driver::folder(const std::string& directory) {
  return std::make_unique<PlainFolder>(*this, directory);
}

}  // namespace registry::storage
