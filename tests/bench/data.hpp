#pragma once

#include <openssl/evp.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"

namespace registry::bench {

std::string sha256(std::string_view content);  // 64 hex digits

// Differs from all others of its source in its end alone.
struct Blob {
  std::string end;
  std::string digest;  // "sha256:..."
};

// Random bytes that all blobs of one size begin with, so that the digest of one takes no hashing of
// the whole. They are kept as they are, and framed in chunks of 32 KiB, which is how Go's clients
// write a body whose length they do not say. Thread-safe once made.
class BlobSource {
 public:
  static constexpr std::size_t kEnd = 32;

  explicit BlobSource(std::size_t blob_size);  // at least kEnd

  std::size_t blob_size() const { return plain_.content().size() + kEnd; }
  Blob make();  // never the same twice, nor in another run

  void send_plain(Connection& to, const Blob& blob, const std::string& head) const;
  void send_chunked(Connection& to, const Blob& blob, const std::string& head) const;
  void send_first_half(Connection& to, const std::string& head) const;
  void send_second_half(Connection& to, const Blob& blob) const;

 private:
  struct FreeHash {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  explicit BlobSource(const std::string& begin);
  static void send(Connection& to, const std::string& head, const MemoryFile& body,
                   const std::string& end);

  MemoryFile plain_;
  MemoryFile chunked_;
  std::unique_ptr<EVP_MD_CTX, FreeHash> begun_;
  std::string run_;
  std::atomic<std::uint64_t> made_ = 0;
};

// The path and query of a Location, and `?digest=` or `&digest=` behind it where one is given.
std::string target_of(const Head& head, std::string_view digest = {});

struct Descriptor {
  std::string digest;
  std::size_t size = 0;
};
std::string image_manifest(const Descriptor& config, const std::vector<Descriptor>& layers);
inline constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";

}  // namespace registry::bench
