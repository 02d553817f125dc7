#pragma once

#include <functional>
#include <memory>

#include "registry/base/files.hpp"
#include "registry/storage/driver.hpp"

namespace registry::storage {

class FilesystemReader final : public BlobReader {
 public:
  explicit FilesystemReader(std::unique_ptr<base::File> file);
  std::uint64_t size() const override { return size_; }
  std::uint64_t id() const override { return file_->id(); }
  std::size_t read(std::uint64_t offset, std::span<std::byte> out) override;
  std::optional<int> descriptor() const override { return file_->descriptor(); }

 private:
  const std::unique_ptr<base::File> file_;
  const std::uint64_t size_;
};

class FilesystemWriter final : public BlobWriter {
 public:
  // `place` moves the file, once it is synced, to a path of the store, durably.
  FilesystemWriter(std::unique_ptr<base::File> file, std::function<void(const std::string&)> place);
  std::uint64_t size() const override { return size_; }
  void write(std::span<const std::byte> data) override;
  void truncate(std::uint64_t size) override;
  bool allocate(std::uint64_t bytes) override;
  void give_back() override;
  void sync() override;
  void commit(const std::string& path) override;

 private:
  [[noreturn]] void fail_as_shortened();

  const std::unique_ptr<base::File> file_;
  const std::function<void(const std::string&)> place_;
  std::uint64_t size_;
  std::uint64_t allocated_ = 0;  // up to here there may be blocks
  std::uint64_t pushed_;         // up to here the kernel has been told to write back
  bool synced_ = false;          // nothing has changed since the last sync
  bool damaged_ = false;         // a write or a sync failed: what is on disk is not known
};

}  // namespace registry::storage
