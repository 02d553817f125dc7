#pragma once

#include <functional>
#include <memory>
#include <string>

#include "registry/storage/driver.hpp"

namespace registry::support {

// A store in which something happens, or fails, before each read of a file that was opened.
class HookedDriver : public storage::Driver {
 public:
  using OnRead = std::function<void(const std::string& path)>;
  HookedDriver(storage::Driver& driver, OnRead on_read)
      : driver_(driver), on_read_(std::move(on_read)) {}

  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    return driver_.get(path, max_bytes);
  }
  void make(const std::string& path, std::string_view content) override {
    driver_.make(path, content);
  }
  bool remove_directory(const std::string& path) override { return driver_.remove_directory(path); }
  std::optional<storage::Status> stat(const std::string& path) override {
    return driver_.stat(path);
  }
  std::optional<std::vector<storage::Entry>> list(const std::string& path, std::string_view after,
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
  std::unique_ptr<storage::BlobReader> open(const std::string& path) override {
    auto reader = driver_.open(path);
    if (!reader) return nullptr;
    return std::make_unique<Reader>(std::move(reader), [this, path] { on_read_(path); });
  }
  void put(const std::string& path, std::string_view content, storage::Survives how) override {
    driver_.put(path, content, how);
  }
  bool remove(const std::string& path, storage::Survives how) override {
    return driver_.remove(path, how);
  }
  bool remove_tree(const std::string& path, storage::Survives how) override {
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
  class Reader final : public storage::BlobReader {
   public:
    Reader(std::unique_ptr<storage::BlobReader> reader, std::function<void()> on_read)
        : reader_(std::move(reader)), on_read_(std::move(on_read)) {}
    std::uint64_t size() const override { return reader_->size(); }
    std::uint64_t id() const override { return reader_->id(); }
    std::size_t read(std::uint64_t offset, std::span<std::byte> out) override {
      on_read_();
      return reader_->read(offset, out);
    }
    std::optional<int> descriptor() const override { return reader_->descriptor(); }

   private:
    const std::unique_ptr<storage::BlobReader> reader_;
    const std::function<void()> on_read_;
  };

  storage::Driver& driver_;
  const OnRead on_read_;
};

}  // namespace registry::support
