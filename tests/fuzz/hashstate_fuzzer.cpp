#include <algorithm>
#include <span>
#include <string>

#include "fuzzer.hpp"
#include "registry/oci/hasher.hpp"

namespace registry::fuzz {
namespace {

using oci::Algorithm;
using oci::Hasher;

constexpr std::size_t size_of_state(Algorithm algorithm) {
  return algorithm == Algorithm::sha256 ? 108 : 204;
}
constexpr std::size_t size_of_block(Algorithm algorithm) {
  return algorithm == Algorithm::sha256 ? 64 : 128;
}

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::uint64_t count_in(std::string_view state) {
  std::uint64_t count = 0;
  for (const char c : state.substr(state.size() - 8)) {
    count = count << 8 | static_cast<unsigned char>(c);
  }
  return count;
}

// What of the block is not in use is zero once it is written again.
std::string with_rest_of_block_zero(std::string state, Algorithm algorithm) {
  const auto block = size_of_block(algorithm);
  const auto used = count_in(state) % block;
  const auto end = state.end() - 8;
  std::fill(end - static_cast<std::ptrdiff_t>(block - used), end, '\0');
  return state;
}

// A state from a file, which anybody may have written; what follows it in the input is hashed.
template <Algorithm kAlgorithm>
void test_restored(std::string_view input) {
  require(input.size() == size_of_state(kAlgorithm) || !Hasher<kAlgorithm>::restore(input, 0),
          "a state has one length");
  if (input.size() < size_of_state(kAlgorithm)) return;
  const auto state = input.substr(0, size_of_state(kAlgorithm));
  const auto rest = input.substr(state.size());
  const auto count = count_in(state);
  require(!Hasher<kAlgorithm>::restore(state, count + 1), "a state of another offset is refused");
  auto hasher = Hasher<kAlgorithm>::restore(state, count);
  if (!hasher) return;
  require(hasher->bytes_hashed() == count, "a state knows how much it has hashed");
  require(hasher->save() == with_rest_of_block_zero(std::string(state), kAlgorithm),
          "a state is written again as it was read");
  auto in_pieces = *hasher;
  hasher->update(bytes(rest));
  in_pieces.update(bytes(rest.substr(0, rest.size() / 3)));
  in_pieces.update(bytes(rest.substr(rest.size() / 3)));
  require(hasher->bytes_hashed() == count + rest.size(), "what is hashed is counted");
  require(hasher->digest() == in_pieces.digest() && hasher->save() == in_pieces.save(),
          "the pieces do not matter");
}

// A hash that is interrupted, and goes on after a restart.
template <Algorithm kAlgorithm>
void test_interrupted(std::string_view input) {
  const auto half = input.empty() ? 0 : static_cast<unsigned char>(input.front()) % input.size();
  Hasher<kAlgorithm> hasher;
  hasher.update(bytes(input.substr(0, half)));
  auto restored = Hasher<kAlgorithm>::restore(hasher.save(), half);
  require(restored.has_value(), "what was saved can be restored");
  restored->update(bytes(input.substr(half)));
  require(restored->digest() == oci::digest_of(input, kAlgorithm),
          "an interrupted hash comes to the same digest");
}

}  // namespace

void test(std::string_view input) {
  test_restored<Algorithm::sha256>(input);
  test_restored<Algorithm::sha512>(input);
  test_interrupted<Algorithm::sha256>(input);
  test_interrupted<Algorithm::sha512>(input);
}

}  // namespace registry::fuzz
