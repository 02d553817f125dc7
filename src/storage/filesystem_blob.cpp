#include "filesystem_blob.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace registry::storage {
namespace {

// Written back while the upload goes on, so that the sync at its end has little left to do:
// Docker gives up on a finalising PUT after 30 s.
constexpr std::uint64_t kWritebackBytes = 8 * 1024 * 1024;

}  // namespace

FilesystemReader::FilesystemReader(std::unique_ptr<base::File> file)
    : file_(std::move(file)), size_(file_->size()) {}

std::size_t FilesystemReader::read(std::uint64_t offset, std::span<std::byte> out) {
  return file_->read_at(offset, out);
}

FilesystemWriter::FilesystemWriter(std::unique_ptr<base::File> file,
                                   std::function<void(const std::string&)> place)
    : file_(std::move(file)), place_(std::move(place)), size_(file_->size()), pushed_(size_) {}

void FilesystemWriter::fail_as_shortened() {
  damaged_ = true;
  throw std::system_error(EIO, std::generic_category(), "the upload has lost bytes on disk");
}

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

void FilesystemWriter::truncate(std::uint64_t size) {
  file_->truncate(size);
  size_ = size;
  pushed_ = std::min(pushed_, size);
  allocated_ = 0;
  synced_ = damaged_ = false;
}

bool FilesystemWriter::allocate(std::uint64_t bytes) {
  allocated_ = size_ + bytes;  // some of it, even where it fails
  return file_->allocate(size_, bytes);
}

// Never longer than it is: what it has lost would be zeros then.
void FilesystemWriter::give_back() {
  if (allocated_ <= size_) return;
  if (file_->size() < size_) fail_as_shortened();
  file_->truncate(size_);
  allocated_ = 0;
}

void FilesystemWriter::sync() {
  if (damaged_) {
    throw std::system_error(EIO, std::generic_category(), "an earlier write of this upload failed");
  }
  give_back();
  if (synced_) return;
  damaged_ = true;  // a failed sync is never retried: the kernel would call the second one good
  file_->sync();
  // Without room the kernel may have dropped pages and said so only to one of us.
  if (file_->size() != size_) fail_as_shortened();
  damaged_ = false;
  synced_ = true;
}

void FilesystemWriter::commit(const std::string& path) {
  sync();
  place_(path);
}

}  // namespace registry::storage
