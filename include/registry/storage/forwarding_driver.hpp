#pragma once

#include "registry/storage/driver.hpp"

namespace registry::storage {

// Does all as another driver does, which outlives it: for drivers that differ in a few methods. But
// `folder` is that of Driver, by the methods of the one that derives from this, so that what it
// does differently is so in folders as well.
class ForwardingDriver : public Driver {
 public:
  explicit ForwardingDriver(Driver& driver) : driver_(driver) {}

  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    return driver_.get(path, max_bytes);
  }
  void put(const std::string& path, std::string_view content, Survives survives) override {
    driver_.put(path, content, survives);
  }
  void make(const std::string& path, std::string_view content) override {
    driver_.make(path, content);
  }
  std::optional<Status> stat(const std::string& path) override { return driver_.stat(path); }
  std::optional<std::vector<Entry>> list(const std::string& path, std::string_view after,
                                         std::size_t limit) override {
    return driver_.list(path, after, limit);
  }
  bool visit(const std::string& path, const Visitor& visit) override {
    return driver_.visit(path, visit);
  }
  std::vector<bool> exist_below(const std::string& directory,
                                const std::vector<std::string>& paths) override {
    return driver_.exist_below(directory, paths);
  }
  bool remove(const std::string& path, Survives survives) override {
    return driver_.remove(path, survives);
  }
  bool remove_tree(const std::string& path, Survives survives) override {
    return driver_.remove_tree(path, survives);
  }
  bool remove_directory(const std::string& path) override { return driver_.remove_directory(path); }
  bool move(const std::string& from, const std::string& to) override {
    return driver_.move(from, to);
  }
  void make_directory(const std::string& path) override { driver_.make_directory(path); }
  std::optional<base::Space> space() override { return driver_.space(); }
  void sync() override { driver_.sync(); }
  std::unique_ptr<BlobReader> open(const std::string& path) override { return driver_.open(path); }
  std::unique_ptr<BlobWriter> append(const std::string& path) override {
    return driver_.append(path);
  }

 protected:
  Driver& inner() { return driver_; }

 private:
  Driver& driver_;
};

}  // namespace registry::storage
