#pragma once

#include <functional>
#include <memory>

#include "registry/base/files.hpp"
#include "registry/base/pool.hpp"
#include "registry/storage/driver.hpp"

namespace registry::storage {

class FilesystemReader final : public BlobReader {
 public:
  FilesystemReader(base::Pool& pool, std::unique_ptr<base::File> file);
  std::uint64_t size() const override { return size_; }
  net::awaitable<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override;
  std::optional<int> descriptor() const override { return file_->descriptor(); }

 private:
  base::Pool& pool_;
  const std::unique_ptr<base::File> file_;
  const std::uint64_t size_;
};

class FilesystemWriter final : public BlobWriter {
 public:
  // `place` moves the file, once it is synced, to a path of the store, durably.
  FilesystemWriter(base::Pool& pool, std::unique_ptr<base::File> file,
                   std::function<void(const std::string&)> place);
  std::uint64_t size() const override { return size_; }
  void write(std::span<const std::byte> data) override;
  net::awaitable<void> truncate(std::uint64_t size) override;
  net::awaitable<void> sync() override;
  net::awaitable<void> commit(const std::string& path) override;

 private:
  void sync_once();

  base::Pool& pool_;
  const std::unique_ptr<base::File> file_;
  const std::function<void(const std::string&)> place_;
  std::uint64_t size_;
  std::uint64_t pushed_;  // up to here the kernel has been told to write back
  bool synced_ = false;   // nothing has changed since the last sync
  bool damaged_ = false;  // a write or a sync failed: what is on disk is not known
};

}  // namespace registry::storage
