// The low-level SHA-256 functions are deprecated since OpenSSL 3, and the only ones that let a
// midstate out and in again.
#define OPENSSL_API_COMPAT 10100
#include "registry/oci/hasher.hpp"

#include <openssl/sha.h>

#include <cstring>

namespace registry::oci {
namespace {

constexpr std::string_view kMagic("sha\x03", 4);
constexpr std::size_t kBlockBytes = SHA256_CBLOCK;
constexpr std::size_t kStateBytes = kMagic.size() + 8 * 4 + kBlockBytes + 8;

template <std::size_t N>
Digest to_digest(Algorithm algorithm, const std::array<unsigned char, N>& sum) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text(to_string(algorithm));
  text += ':';
  for (const auto byte : sum) {
    text += kHex[byte >> 4];
    text += kHex[byte & 0x0f];
  }
  return *Digest::parse(text);
}

void put_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<unsigned char>(value >> shift));
  }
}

std::uint64_t take_big_endian(std::string_view& in, std::size_t bytes) {
  std::uint64_t value = 0;
  for (const char c : in.substr(0, bytes)) value = value << 8 | static_cast<unsigned char>(c);
  in.remove_prefix(bytes);
  return value;
}

std::uint64_t bytes_hashed_by(const SHA256_CTX& context) {
  return (static_cast<std::uint64_t>(context.Nh) << 32 | context.Nl) / 8;
}

}  // namespace

struct Sha256::Context {
  SHA256_CTX sha{};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  SHA256_Init(&context_->sha);
}
Sha256::Sha256(const Sha256& other) : context_(std::make_unique<Context>(*other.context_)) {}
Sha256& Sha256::operator=(const Sha256& other) {
  *context_ = *other.context_;
  return *this;
}
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> data) {
  SHA256_Update(&context_->sha, data.data(), data.size());
}

std::uint64_t Sha256::bytes_hashed() const {
  return bytes_hashed_by(context_->sha);
}

Digest Sha256::digest() const {
  auto copy = context_->sha;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> sum{};
  SHA256_Final(sum.data(), &copy);
  return to_digest(Algorithm::sha256, sum);
}

std::string Sha256::save() const {
  const auto& sha = context_->sha;
  std::string state(kMagic);
  state.reserve(kStateBytes);
  for (const auto word : sha.h) put_big_endian(state, word, 4);
  std::string block(reinterpret_cast<const char*>(sha.data), sha.num);
  block.resize(kBlockBytes);  // Go leaves the rest of the block zero
  state += block;
  put_big_endian(state, bytes_hashed(), 8);
  return state;
}

std::optional<Sha256> Sha256::restore(std::string_view state, std::uint64_t bytes_hashed) {
  if (state.size() != kStateBytes || !state.starts_with(kMagic)) return std::nullopt;
  state.remove_prefix(kMagic.size());
  Sha256 hasher;
  auto& sha = hasher.context_->sha;
  for (auto& word : sha.h) word = static_cast<SHA_LONG>(take_big_endian(state, 4));
  const auto block = state.substr(0, kBlockBytes);
  state.remove_prefix(kBlockBytes);
  if (take_big_endian(state, 8) != bytes_hashed) return std::nullopt;
  sha.num = static_cast<unsigned>(bytes_hashed % kBlockBytes);
  std::memcpy(sha.data, block.data(), sha.num);
  sha.Nl = static_cast<SHA_LONG>(bytes_hashed << 3);
  sha.Nh = static_cast<SHA_LONG>(bytes_hashed >> 29);
  return hasher;
}

struct Sha512::Context {
  SHA512_CTX sha{};
};

Sha512::Sha512() : context_(std::make_unique<Context>()) {
  SHA512_Init(&context_->sha);
}
Sha512::~Sha512() = default;

void Sha512::update(std::span<const std::byte> data) {
  SHA512_Update(&context_->sha, data.data(), data.size());
}

Digest Sha512::digest() const {
  auto copy = context_->sha;
  std::array<unsigned char, SHA512_DIGEST_LENGTH> sum{};
  SHA512_Final(sum.data(), &copy);
  return to_digest(Algorithm::sha512, sum);
}

Digest digest_of(std::string_view content, Algorithm algorithm) {
  const auto bytes = std::as_bytes(std::span(content));
  if (algorithm == Algorithm::sha512) {
    Sha512 hasher;
    hasher.update(bytes);
    return hasher.digest();
  }
  Sha256 hasher;
  hasher.update(bytes);
  return hasher.digest();
}

}  // namespace registry::oci
