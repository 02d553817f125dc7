#include "registry/storage/relieved_driver.hpp"

#include <cerrno>
#include <system_error>

#include "registry/storage/forwarding_driver.hpp"

namespace registry::storage {
namespace {

using Relieve = std::function<bool()>;

bool is_full(const std::system_error& error) {
  return error.code() == std::error_code(ENOSPC, std::generic_category()) ||
         error.code() == std::error_code(EDQUOT, std::generic_category());
}

// The second time begins anew, with files and names of its own: no sync that failed is repeated.
template <class Work>
std::invoke_result_t<Work&> relieved(const Relieve& relieve, Work work) {
  try {
    return work();
  } catch (const std::system_error& error) {
    if (!is_full(error) || !relieve()) throw;
  }
  return work();
}

class RelievedFolder final : public Folder {
 public:
  RelievedFolder(std::unique_ptr<Folder> folder, const Relieve& relieve)
      : folder_(std::move(folder)), relieve_(relieve) {}

  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    return folder_->get(path, max_bytes);
  }
  std::optional<Status> stat(const std::string& path) override { return folder_->stat(path); }
  void remove_tree(const std::string& directory, const std::vector<Known>& known) override {
    relieved(relieve_, [&] { folder_->remove_tree(directory, known); });
  }

 private:
  const std::unique_ptr<Folder> folder_;
  const Relieve& relieve_;
};

class RelievedDriver final : public ForwardingDriver {
 public:
  RelievedDriver(std::unique_ptr<Driver> driver, Relieve relieve)
      : ForwardingDriver(*driver), driver_(std::move(driver)), relieve_(std::move(relieve)) {}

  void put(const std::string& path, std::string_view content, Survives survives) override {
    relieved(relieve_, [&] { driver_->put(path, content, survives); });
  }
  bool remove(const std::string& path, Survives survives) override {
    return relieved(relieve_, [&] { return driver_->remove(path, survives); });
  }
  bool remove_tree(const std::string& path, Survives survives) override {
    return relieved(relieve_, [&] { return driver_->remove_tree(path, survives); });
  }
  bool remove_directory(const std::string& path) override {
    return relieved(relieve_, [&] { return driver_->remove_directory(path); });
  }
  bool move(const std::string& from, const std::string& to) override {
    return relieved(relieve_, [&] { return driver_->move(from, to); });
  }
  void make_directory(const std::string& path) override {
    relieved(relieve_, [&] { driver_->make_directory(path); });
  }
  std::unique_ptr<Folder> folder(const std::string& directory) override {
    return std::make_unique<RelievedFolder>(driver_->folder(directory), relieve_);
  }

 private:
  const std::unique_ptr<Driver> driver_;
  const Relieve relieve_;
};

}  // namespace

std::unique_ptr<Driver> make_relieved_driver(std::unique_ptr<Driver> driver,
                                             std::function<bool()> relieve) {
  return std::make_unique<RelievedDriver>(std::move(driver), std::move(relieve));
}

}  // namespace registry::storage
