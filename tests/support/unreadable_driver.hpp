#pragma once

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

#include "registry/storage/forwarding_driver.hpp"

namespace registry::support {

// A store of which some paths, and all below them, may not be read, whoever asks.
class UnreadableDriver final : public storage::ForwardingDriver {
 public:
  UnreadableDriver(storage::Driver& driver, std::set<std::string> unreadable)
      : ForwardingDriver(driver), unreadable_(std::move(unreadable)) {}

  // From now on all may be read.
  void unlock() { unreadable_.clear(); }

  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    check(path);
    return inner().get(path, max_bytes);
  }
  std::optional<storage::Status> stat(const std::string& path) override {
    // The name of what may not be read can be seen in its parent.
    if (!unreadable_.contains(path)) check(path);
    return inner().stat(path);
  }
  std::optional<std::vector<storage::Entry>> list(const std::string& path, std::string_view after,
                                                  std::size_t limit) override {
    check(path);
    return inner().list(path, after, limit);
  }
  bool visit(const std::string& path, const Visitor& visit) override {
    check(path);
    return inner().visit(path, visit);
  }
  std::vector<bool> exist_below(const std::string& directory,
                                const std::vector<std::string>& paths) override {
    auto exist = inner().exist_below(directory, paths);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const auto path = directory + '/' + paths[i];
      exist[i] = exist[i] && (unreadable_.contains(path) || !is_unreadable(path));
    }
    return exist;
  }
  std::unique_ptr<storage::BlobReader> open(const std::string& path) override {
    check(path);
    return inner().open(path);
  }
  bool remove(const std::string& path, storage::Survives how) override {
    check(path);
    return inner().remove(path, how);
  }
  bool remove_tree(const std::string& path, storage::Survives how) override {
    check(path);
    return inner().remove_tree(path, how);
  }

 private:
  bool is_unreadable(const std::string& path) const {
    return std::ranges::any_of(unreadable_, [&](const std::string& one) {
      return path == one || path.starts_with(one + '/');
    });
  }
  void check(const std::string& path) const {
    if (is_unreadable(path)) throw std::system_error(EACCES, std::generic_category(), path);
  }

  std::set<std::string> unreadable_;
};

}  // namespace registry::support
