#pragma once

#include <functional>
#include <memory>
#include <string>

#include "registry/storage/forwarding_driver.hpp"

namespace registry::support {

// A store in which something happens, or fails, before each read of a file that was opened.
class HookedDriver : public storage::ForwardingDriver {
 public:
  using OnRead = std::function<void(const std::string& path)>;
  HookedDriver(storage::Driver& driver, OnRead on_read)
      : ForwardingDriver(driver), on_read_(std::move(on_read)) {}

  std::unique_ptr<storage::BlobReader> open(const std::string& path) override {
    auto reader = inner().open(path);
    if (!reader) return nullptr;
    return std::make_unique<Reader>(std::move(reader), [this, path] { on_read_(path); });
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

  const OnRead on_read_;
};

}  // namespace registry::support
