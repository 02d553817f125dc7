// The low-level functions are deprecated since OpenSSL 3, and the only ones that let a midstate out
// and in again.
#define OPENSSL_API_COMPAT 10100
#include "registry/oci/hasher.hpp"

#include <openssl/sha.h>

#include <array>
#include <cstring>

namespace registry::oci {
namespace {

struct Sha256Functions {
  using State = SHA256_CTX;
  using Word = SHA_LONG;
  static constexpr std::string_view kMagic{"sha\x03", 4};
  static constexpr std::size_t kBlockBytes = SHA256_CBLOCK, kSumBytes = SHA256_DIGEST_LENGTH;
  static constexpr auto kInit = SHA256_Init;
  static constexpr auto kUpdate = SHA256_Update;
  static constexpr auto kFinal = SHA256_Final;
  static unsigned char* block(State& state) { return reinterpret_cast<unsigned char*>(state.data); }
};

struct Sha512Functions {
  using State = SHA512_CTX;
  using Word = SHA_LONG64;
  static constexpr std::string_view kMagic{"sha\x07", 4};
  static constexpr std::size_t kBlockBytes = SHA512_CBLOCK, kSumBytes = SHA512_DIGEST_LENGTH;
  static constexpr auto kInit = SHA512_Init;
  static constexpr auto kUpdate = SHA512_Update;
  static constexpr auto kFinal = SHA512_Final;
  static unsigned char* block(State& state) { return state.u.p; }
};

template <Algorithm kAlgorithm>
using FunctionsOf =
    std::conditional_t<kAlgorithm == Algorithm::sha256, Sha256Functions, Sha512Functions>;

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

void put_big_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (auto shift = bytes * 8; shift > 0; shift -= 8) {
    out += static_cast<char>(static_cast<unsigned char>(value >> (shift - 8)));
  }
}

std::uint64_t take_big_endian(std::string_view& in, std::size_t bytes) {
  std::uint64_t value = 0;
  for (const char c : in.substr(0, bytes)) value = value << 8 | static_cast<unsigned char>(c);
  in.remove_prefix(bytes);
  return value;
}

}  // namespace

template <Algorithm kAlgorithm>
struct Hasher<kAlgorithm>::Context {
  using Functions = FunctionsOf<kAlgorithm>;
  typename Functions::State sha{};
  std::uint64_t bytes = 0;  // OpenSSL counts bits, in two words
};

template <Algorithm kAlgorithm>
Hasher<kAlgorithm>::Hasher() : context_(std::make_unique<Context>()) {
  Context::Functions::kInit(&context_->sha);
}
template <Algorithm kAlgorithm>
Hasher<kAlgorithm>::Hasher(const Hasher& other)
    : context_(std::make_unique<Context>(*other.context_)) {}
template <Algorithm kAlgorithm>
Hasher<kAlgorithm>& Hasher<kAlgorithm>::operator=(const Hasher& other) {
  *context_ = *other.context_;
  return *this;
}
template <Algorithm kAlgorithm>
Hasher<kAlgorithm>::~Hasher() = default;

template <Algorithm kAlgorithm>
void Hasher<kAlgorithm>::update(std::span<const std::byte> data) {
  Context::Functions::kUpdate(&context_->sha, data.data(), data.size());
  context_->bytes += data.size();
}

template <Algorithm kAlgorithm>
std::uint64_t Hasher<kAlgorithm>::bytes_hashed() const {
  return context_->bytes;
}

template <Algorithm kAlgorithm>
Digest Hasher<kAlgorithm>::digest() const {
  auto copy = context_->sha;
  std::array<unsigned char, Context::Functions::kSumBytes> sum{};
  Context::Functions::kFinal(sum.data(), &copy);
  return to_digest(kAlgorithm, sum);
}

template <Algorithm kAlgorithm>
std::string Hasher<kAlgorithm>::save() const {
  using Functions = typename Context::Functions;
  auto& sha = context_->sha;
  std::string state(Functions::kMagic);
  for (const auto word : sha.h) put_big_endian(state, word, sizeof(typename Functions::Word));
  std::string block(reinterpret_cast<const char*>(Functions::block(sha)), sha.num);
  block.resize(Functions::kBlockBytes);  // Go leaves the rest of the block zero
  state += block;
  put_big_endian(state, context_->bytes, sizeof(std::uint64_t));
  return state;
}

template <Algorithm kAlgorithm>
std::optional<Hasher<kAlgorithm>> Hasher<kAlgorithm>::restore(std::string_view state,
                                                              std::uint64_t bytes_hashed) {
  using Functions = typename Context::Functions;
  using Word = typename Functions::Word;
  constexpr auto kStateBytes =
      Functions::kMagic.size() + 8 * sizeof(Word) + Functions::kBlockBytes + sizeof(std::uint64_t);
  if (state.size() != kStateBytes || !state.starts_with(Functions::kMagic)) return std::nullopt;
  state.remove_prefix(Functions::kMagic.size());
  Hasher hasher;
  auto& sha = hasher.context_->sha;
  for (auto& word : sha.h) word = static_cast<Word>(take_big_endian(state, sizeof(Word)));
  const auto block = state.substr(0, Functions::kBlockBytes);
  state.remove_prefix(Functions::kBlockBytes);
  if (take_big_endian(state, sizeof(std::uint64_t)) != bytes_hashed) return std::nullopt;
  sha.num = static_cast<unsigned>(bytes_hashed % Functions::kBlockBytes);
  std::memcpy(Functions::block(sha), block.data(), sha.num);
  constexpr auto kLowBits = sizeof(Word) * 8 - 3;  // the low word counts bits, the high one goes on
  sha.Nl = static_cast<Word>(bytes_hashed << 3);
  sha.Nh = kLowBits < 64 ? static_cast<Word>(bytes_hashed >> kLowBits) : 0;
  hasher.context_->bytes = bytes_hashed;
  return hasher;
}

template class Hasher<Algorithm::sha256>;
template class Hasher<Algorithm::sha512>;

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
