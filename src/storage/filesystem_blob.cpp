#include "filesystem_blob.hpp"

#include <cerrno>
#include <system_error>

#include "registry/base/offload.hpp"

namespace registry::storage {
namespace {

// Written back while the upload goes on, so that the sync at its end has little left to do:
// Docker gives up on a finalising PUT after 30 s.
constexpr std::uint64_t kWritebackBytes = 8 * 1024 * 1024;

}  // namespace

FilesystemReader::FilesystemReader(base::Pool& pool, std::unique_ptr<base::File> file)
    : pool_(pool), file_(std::move(file)), size_(file_->size()) {}

net::awaitable<std::size_t> FilesystemReader::read(std::uint64_t offset, std::span<std::byte> out) {
  const auto work = [&] { return file_->read_at(offset, out); };
  co_return co_await base::offload(pool_, work);
}

FilesystemWriter::FilesystemWriter(base::Pool& pool, std::unique_ptr<base::File> file,
                                   std::function<void(const std::string&)> place)
    : pool_(pool),
      file_(std::move(file)),
      place_(std::move(place)),
      size_(file_->size()),
      pushed_(size_) {}

void FilesystemWriter::write(std::span<const std::byte> data) {
  synced_ = false;
  damaged_ = true;
  file_->write_at(size_, data);
  damaged_ = false;
  size_ += data.size();
  if (size_ - pushed_ >= kWritebackBytes) {
    file_->start_writeback(pushed_, size_ - pushed_);
    pushed_ = size_;
  }
}

net::awaitable<void> FilesystemWriter::truncate(std::uint64_t size) {
  const auto work = [&] { file_->truncate(size); };
  co_await base::offload(pool_, work);
  size_ = size;
  pushed_ = std::min(pushed_, size);
  synced_ = damaged_ = false;
}

void FilesystemWriter::sync_once() {
  if (damaged_) {
    throw std::system_error(EIO, std::generic_category(), "an earlier write of this upload failed");
  }
  if (synced_) return;
  damaged_ = true;  // a failed sync is never retried: the kernel would call the second one good
  file_->sync();
  // Without room the kernel may have dropped pages and said so only to one of us.
  if (file_->size() != size_) {
    throw std::system_error(EIO, std::generic_category(), "the upload has lost bytes on disk");
  }
  damaged_ = false;
  synced_ = true;
}

net::awaitable<void> FilesystemWriter::sync() {
  const auto work = [&] { sync_once(); };
  co_await base::offload(pool_, work);
}

net::awaitable<void> FilesystemWriter::commit(const std::string& path) {
  const auto work = [&] {
    sync_once();
    place_(path);
  };
  co_await base::offload(pool_, work);
}

}  // namespace registry::storage
