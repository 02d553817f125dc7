#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "registry/oci/digest.hpp"

namespace registry::oci {

// Hashes what comes in pieces. Its midstate can be kept on disk in 2.8's own format (Go's
// encoding.BinaryMarshaler of crypto/sha256 and crypto/sha512): a magic of 4 bytes, 8 words big
// endian, the block that is not yet full, u64 big endian of the bytes hashed; 108 bytes for
// SHA-256, 204 for SHA-512. Used by one thread at a time.
template <Algorithm kAlgorithm>
class Hasher {
 public:
  Hasher();
  Hasher(const Hasher& other);
  Hasher& operator=(const Hasher& other);
  ~Hasher();

  void update(std::span<const std::byte> data);
  std::uint64_t bytes_hashed() const;
  Digest digest() const;  // of all so far; hashing can go on

  std::string save() const;
  // nullopt unless it is such a state and says of itself that it covers `bytes_hashed` bytes.
  static std::optional<Hasher> restore(std::string_view state, std::uint64_t bytes_hashed);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

using Sha256 = Hasher<Algorithm::sha256>;
using Sha512 = Hasher<Algorithm::sha512>;
extern template class Hasher<Algorithm::sha256>;
extern template class Hasher<Algorithm::sha512>;

// Of a text that is whole in memory.
Digest digest_of(std::string_view content, Algorithm algorithm = Algorithm::sha256);

}  // namespace registry::oci
