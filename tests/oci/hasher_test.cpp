#include "registry/oci/hasher.hpp"

#include <gtest/gtest.h>

#include <string>

namespace registry::oci {
namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Byte i is 7i + 3: what the states below were made of.
std::string sample(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + 3);
  return text;
}

std::string to_hex(std::string_view text) {
  std::string hex;
  for (const unsigned char c : text) {
    hex += "0123456789abcdef"[c >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  return hex;
}

Sha256 hash(std::string_view text) {
  Sha256 hasher;
  hasher.update(bytes(text));
  return hasher;
}

struct GoState {
  std::size_t size;
  std::string hex;  // without the zeros that fill the block and the length
  std::string digest;
};

class Sha256State : public testing::TestWithParam<GoState> {
 protected:
  std::string expected_hex() const {
    const auto& [size, hex, digest] = GetParam();
    constexpr std::string_view kDigits = "0123456789abcdef";
    auto text = hex + std::string(200 - hex.size(), '0') + std::string(14, '0');
    text += kDigits[size >> 4 & 15];
    text += kDigits[size & 15];
    return text;
  }
};

TEST_P(Sha256State, IsThatOfGo) {
  EXPECT_EQ(to_hex(hash(sample(GetParam().size)).save()), expected_hex());
}

TEST_P(Sha256State, GoesOnFromThere) {
  const auto state = hash(sample(GetParam().size)).save();
  auto hasher = Sha256::restore(state, GetParam().size);
  ASSERT_TRUE(hasher);
  EXPECT_EQ(hasher->digest().hex(), GetParam().digest);
  EXPECT_EQ(hasher->bytes_hashed(), GetParam().size);
}

const std::string kStart =
    "736861036a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19";
const std::string kBlock55 =
    "030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d141b222930373e"
    "454c535a61686f767d";
const std::string kAfter64 =
    "73686103efd29b436f63eaf244f598951fbb7c8f2a517b27d2015d2951958d1b5d12bf47";

// From Go's crypto/sha256, by encoding.BinaryMarshaler.
INSTANTIATE_TEST_SUITE_P(
    Go, Sha256State,
    testing::Values(
        GoState{0, kStart, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        GoState{1, kStart + "03",
                "084fed08b978af4d7d196a7446a86b58009e636b611db16211b65a9aadff29c5"},
        GoState{55, kStart + kBlock55,
                "e7313d333c272e639f790978283f9eb392e843d0f29b7016828bb1daa4aac70b"},
        GoState{63, kStart + kBlock55 + "848b9299a0a7aeb5",
                "81c80242132f230c3bd41b3e63bbcff16107339549214a99614ff26664625055"},
        GoState{64, kAfter64, "39e3d7b6b5d075d37d053ad89b24b41bef4f3c29760c84447cab3f3be1882241"},
        GoState{65, kAfter64 + "c3",
                "aacca6ff74fdbb296d165a45cecfa04e5127bc008770fbbdd48006f2d2fae95e"},
        GoState{200,
                "7368610354ac04f9009ded19e7537c8f986d5e428b33e710563b63548ddaa0ad8fcf15ba"
                "434a51585f666d74",
                "2c7e18c942ef065b526a2d4e5546283749cd3ddfb51d8fc71f42717363685f46"}),
    [](const auto& info) { return "After" + std::to_string(info.param.size) + "Bytes"; });

TEST(Sha256, HashesKnownVectors) {
  EXPECT_EQ(digest_of("").str(), empty_digest().str());
  EXPECT_EQ(digest_of("abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_of(std::string(1'000'000, 'a')).hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, SavedAndRestoredAnywhereGivesTheSameDigest) {
  const auto text = sample(1000);
  const auto wanted = digest_of(text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    auto hasher = Sha256::restore(hash(text.substr(0, cut)).save(), cut);
    ASSERT_TRUE(hasher) << cut;
    hasher->update(bytes(text).subspan(cut));
    ASSERT_EQ(hasher->digest(), wanted) << cut;
    ASSERT_EQ(hasher->bytes_hashed(), text.size());
  }
}

TEST(Sha256, CanBeSavedManyTimesOnTheWay) {
  const auto text = sample(5000);
  Sha256 hasher;
  for (std::size_t at = 0; at < text.size(); at += 37) {
    hasher.update(bytes(text).subspan(at, std::min<std::size_t>(37, text.size() - at)));
    hasher = *Sha256::restore(hasher.save(), hasher.bytes_hashed());
  }
  EXPECT_EQ(hasher.digest(), digest_of(text));
}

TEST(Sha256, CountsBeyond32Bits) {
  // The length in bits passes 2^32 at 512 MiB.
  for (const std::uint64_t length : {std::uint64_t{1} << 29, (std::uint64_t{1} << 29) + 63,
                                     std::uint64_t{1} << 32, std::uint64_t{1} << 50}) {
    std::string state = Sha256().save();
    for (int i = 0; i < 8; ++i) state[100 + i] = static_cast<char>(length >> (56 - 8 * i));
    const auto hasher = Sha256::restore(state, length);
    ASSERT_TRUE(hasher);
    EXPECT_EQ(hasher->bytes_hashed(), length);
    EXPECT_EQ(hasher->save(), state);
  }
}

TEST(Sha256, DigestDoesNotEndTheHashing) {
  auto hasher = hash("ab");
  EXPECT_EQ(hasher.digest(), digest_of("ab"));
  hasher.update(bytes("c"));
  EXPECT_EQ(hasher.digest(), digest_of("abc"));
}

TEST(Sha256, CopiesGoTheirOwnWays) {
  auto one = hash("ab");
  auto other = one;
  other.update(bytes("x"));
  one.update(bytes("c"));
  EXPECT_EQ(one.digest(), digest_of("abc"));
  EXPECT_EQ(other.digest(), digest_of("abx"));
  other = one;
  EXPECT_EQ(other.digest(), digest_of("abc"));
}

TEST(Sha256, RefusesAStateOfAnotherLength) {
  const auto state = hash("abc").save();
  ASSERT_EQ(state.size(), 108U);
  EXPECT_FALSE(Sha256::restore("", 0));
  EXPECT_FALSE(Sha256::restore(state.substr(0, 107), 3));
  EXPECT_FALSE(Sha256::restore(state + '\0', 3));
}

TEST(Sha256, RefusesAnotherMagic) {
  for (const std::size_t at : {0U, 1U, 2U, 3U}) {
    auto state = hash("abc").save();
    ++state[at];
    EXPECT_FALSE(Sha256::restore(state, 3)) << at;
  }
  auto sha224 = hash("abc").save();
  sha224[3] = '\x02';  // Go's SHA-224
  EXPECT_FALSE(Sha256::restore(sha224, 3));
}

TEST(Sha256, RefusesAStateOfAnotherOffset) {
  const auto state = hash("abc").save();
  for (const std::uint64_t offset : {0U, 2U, 4U, 67U}) {
    EXPECT_FALSE(Sha256::restore(state, offset)) << offset;
  }
}

TEST(Sha512, HashesKnownVectors) {
  EXPECT_EQ(digest_of("abc", Algorithm::sha512).str(),
            "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

// From Go's crypto/sha512, by encoding.BinaryMarshaler.
TEST(Sha512, SavesTheStateOfGo) {
  Sha512 hasher;
  hasher.update(bytes(sample(300)));
  const std::string begin =
      "7368610751acade2b92f527512e96190d08d3553f5848d351545096f777bc77c1cec498bead7330dbb2bbb2e"
      "c6498d80812109fa1afbc3f89ce70de283191767188bcb63030a11181f262d343b424950575e656c737a8188"
      "8f969da4abb2b9c0c7ced5dce3eaf1f8ff060d141b222930";
  const auto state = to_hex(hasher.save());
  EXPECT_EQ(state.size(), 2 * 204U);
  EXPECT_TRUE(state.starts_with(begin)) << state;
  EXPECT_EQ(state.substr(begin.size()),
            std::string(2 * 204 - begin.size() - 16, '0') + "000000000000012c");
}

TEST(Sha512, SavedAndRestoredAnywhereGivesTheSameDigest) {
  const auto text = sample(700);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Sha512 first;
    first.update(bytes(text).first(cut));
    auto hasher = Sha512::restore(first.save(), cut);
    ASSERT_TRUE(hasher) << cut;
    hasher->update(bytes(text).subspan(cut));
    ASSERT_EQ(hasher->digest(), digest_of(text, Algorithm::sha512)) << cut;
  }
}

TEST(Sha512, RefusesAStateOfAnotherAlgorithmOrOffset) {
  EXPECT_FALSE(Sha512::restore(Sha256().save(), 0));
  EXPECT_FALSE(Sha256::restore(Sha512().save(), 0));
  EXPECT_FALSE(Sha512::restore(Sha512().save(), 1));
}

TEST(Sha512, HashesWhatComesInPieces) {
  const auto text = sample(1000);
  Sha512 hasher;
  for (std::size_t at = 0; at < text.size(); at += 100) hasher.update(bytes(text).subspan(at, 100));
  EXPECT_EQ(hasher.digest(), digest_of(text, Algorithm::sha512));
}

}  // namespace
}  // namespace registry::oci
