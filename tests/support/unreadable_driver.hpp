#pragma once

#include <cerrno>
#include <set>
#include <system_error>

#include "registry/storage/driver.hpp"

namespace registry::support {

// A store of which some paths, and all below them, may not be read, whoever asks.
class UnreadableDriver final : public storage::Driver {
 public:
  UnreadableDriver(storage::Driver& driver, std::set<std::string> unreadable)
      : driver_(driver), unreadable_(std::move(unreadable)) {}

  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    check(path);
    return driver_.get(path, max_bytes);
  }
  std::optional<storage::Status> stat(const std::string& path) override {
    // The name of what may not be read can be seen in its parent.
    if (!unreadable_.contains(path)) check(path);
    return driver_.stat(path);
  }
  std::optional<std::vector<storage::Entry>> list(const std::string& path, std::string_view after,
                                                  std::size_t limit) override {
    check(path);
    return driver_.list(path, after, limit);
  }
  bool visit(const std::string& path, const Visitor& visit) override {
    check(path);
    return driver_.visit(path, visit);
  }
  std::unique_ptr<storage::BlobReader> open(const std::string& path) override {
    check(path);
    return driver_.open(path);
  }
  void put(const std::string& path, std::string_view content, storage::Survives how) override {
    driver_.put(path, content, how);
  }
  bool remove(const std::string& path, storage::Survives how) override {
    check(path);
    return driver_.remove(path, how);
  }
  bool remove_tree(const std::string& path, storage::Survives how) override {
    check(path);
    return driver_.remove_tree(path, how);
  }
  bool move(const std::string& from, const std::string& to) override {
    return driver_.move(from, to);
  }
  void make_directory(const std::string& path) override { driver_.make_directory(path); }
  void sync() override { driver_.sync(); }
  std::unique_ptr<storage::BlobWriter> append(const std::string& path) override {
    return driver_.append(path);
  }

 private:
  void check(const std::string& path) const {
    for (const auto& one : unreadable_) {
      if (path != one && !path.starts_with(one + '/')) continue;
      throw std::system_error(EACCES, std::generic_category(), path);
    }
  }

  storage::Driver& driver_;
  const std::set<std::string> unreadable_;
};

}  // namespace registry::support
