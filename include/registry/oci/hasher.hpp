#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "registry/oci/digest.hpp"

namespace registry::oci {

// SHA-256 over an upload, whose midstate can be kept on disk in 2.8's own format (Go's
// encoding.BinaryMarshaler of crypto/sha256, 108 bytes): "sha\x03", 8 x u32 big endian, the block
// of 64 bytes that is not yet full, u64 big endian of the bytes hashed. Used by one thread at a
// time.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other);
  ~Sha256();

  void update(std::span<const std::byte> data);
  std::uint64_t bytes_hashed() const;
  Digest digest() const;  // of all so far; hashing can go on

  std::string save() const;
  // nullopt unless it is such a state and says of itself that it covers `bytes_hashed` bytes.
  static std::optional<Sha256> restore(std::string_view state, std::uint64_t bytes_hashed);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Of a text that is whole in memory.
Digest digest_of(std::string_view content, Algorithm algorithm = Algorithm::sha256);

// SHA-512 of what comes in pieces. Its state is never kept.
class Sha512 {
 public:
  Sha512();
  ~Sha512();
  void update(std::span<const std::byte> data);
  Digest digest() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace registry::oci
