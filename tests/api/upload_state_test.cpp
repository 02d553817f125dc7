#include "api/upload_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "registry/oci/hasher.hpp"

namespace registry::api {
namespace {

const std::string kSecret = "asecretforlocaldevelopment";
const std::string kId = "6b3c9a93-af5d-473f-a4ba-a7ba9cc4c1d5";
const auto kName = *oci::RepositoryName::parse("library/alpine");

// Made by Go's crypto/hmac and encoding/base64, as 2.8 does it, of
// {"Name":"library/alpine","UUID":"6b3c…c1d5","Offset":1234567,
// "StartedAt":"2026-11-23T11:11:00.123456789Z"}
const std::string kOfGo =
    "T-3N7KoAbwtMhc3kWWkZgOZGrPpKm83ka2C6ntT1hM57Ik5hbWUiOiJsaWJyYXJ5L2FscGluZSIsIlVVSUQiOiI2YjNj"
    "OWE5My1hZjVkLTQ3M2YtYTRiYS1hN2JhOWNjNGMxZDUiLCJPZmZzZXQiOjEyMzQ1NjcsIlN0YXJ0ZWRBdCI6IjIwMjYt"
    "MTEtMjNUMTE6MTE6MDAuMTIzNDU2Nzg5WiJ9";

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string sha256(const std::string& text) {
  return from_hex(oci::digest_of(text).hex());
}

// RFC 2104, written out.
std::string hmac(std::string key, const std::string& text) {
  key.resize(64);
  std::string inner, outer;
  for (const char c : key) {
    inner += static_cast<char>(c ^ 0x36);
    outer += static_cast<char>(c ^ 0x5c);
  }
  return sha256(outer + sha256(inner + text));
}

std::string base64url(const std::string& bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) {
      return k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0U;
    };
    const unsigned group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) text += kDigits[group >> shift & 63];
    for (std::size_t missing = i + 3; missing > bytes.size(); --missing) {
      text[text.size() - (missing - bytes.size())] = '=';
    }
  }
  return text;
}

std::string signed_state(const std::string& json) {
  return base64url(hmac(kSecret, json) + json);
}

std::string fields(const std::string& offset) {
  return R"({"Name":"library/alpine","UUID":")" + kId + R"(","Offset":)" + offset + '}';
}

TEST(UploadState, LeadsBackToItsOffset) {
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{65536},
                                     std::uint64_t{9223372036854775807}}) {
    const auto state = make_upload_state(kSecret, kName, kId, offset);
    EXPECT_EQ(check_upload_state(kSecret, state, kName, kId), offset);
  }
}

TEST(UploadState, OfGoIsTaken) {
  EXPECT_EQ(check_upload_state(kSecret, kOfGo, kName, kId), 1234567U);
}

TEST(UploadState, OfTheTestIsThatOfGo) {
  EXPECT_EQ(signed_state(R"({"Name":"library/alpine","UUID":")" + kId +
                         R"(","Offset":1234567,"StartedAt":"2026-11-23T11:11:00.123456789Z"})"),
            kOfGo);
}

TEST(UploadState, IsSignedAndShapedAsIn28) {
  const auto state = make_upload_state(kSecret, kName, kId, 42);
  EXPECT_EQ(state.size() % 4, 0U);
  EXPECT_EQ(state.find_first_of("+/"), std::string::npos);
  // Decoded by trying: the JSON is known but for the time.
  std::string standard = state;
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  std::string bytes(standard.size() / 4 * 3, '\0');
  ASSERT_GT(EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                            reinterpret_cast<const unsigned char*>(standard.data()),
                            static_cast<int>(standard.size())),
            32);
  bytes.resize(bytes.size() - static_cast<std::size_t>(std::ranges::count(state, '=')));
  const auto json = bytes.substr(32);
  EXPECT_EQ(bytes.substr(0, 32), hmac(kSecret, json));
  EXPECT_THAT(json, testing::StartsWith(R"({"Name":"library/alpine","UUID":")" + kId +
                                        R"(","Offset":42,"StartedAt":"20)"));
  EXPECT_THAT(json, testing::EndsWith("Z\"}"));
}

TEST(UploadState, OfAnotherSecretIsRefused) {
  const auto state = make_upload_state(kSecret, kName, kId, 5);
  EXPECT_FALSE(check_upload_state("another", state, kName, kId));
  EXPECT_FALSE(check_upload_state("", state, kName, kId));
}

TEST(UploadState, OfAnotherRepositoryIsRefused) {
  const auto state = make_upload_state(kSecret, kName, kId, 5);
  EXPECT_FALSE(check_upload_state(kSecret, state, *oci::RepositoryName::parse("library"), kId));
}

TEST(UploadState, OfAnotherUploadIsRefused) {
  const auto state = make_upload_state(kSecret, kName, kId, 5);
  EXPECT_FALSE(check_upload_state(kSecret, state, kName, "other"));
  EXPECT_FALSE(check_upload_state(kSecret, state, kName, ""));
}

TEST(UploadState, ChangedAnywhereIsRefused) {
  const auto state = make_upload_state(kSecret, kName, kId, 5);
  const auto signature_end = std::size_t{43};
  for (const std::size_t at : {std::size_t{0}, std::size_t{20}, signature_end, state.size() / 2}) {
    auto changed = state;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(check_upload_state(kSecret, changed, kName, kId)) << at;
  }
}

TEST(UploadState, OfGarbageIsRefused) {
  for (const std::string& state :
       {std::string(), std::string("x"), std::string("===="), std::string("A==="),
        std::string("!!!!"), std::string(44, 'A'), std::string(48, '='), std::string(8192, 'A'),
        std::string(4, '\0'), kOfGo + "=", kOfGo + "AAAA", kOfGo.substr(4), kOfGo.substr(1),
        " " + kOfGo.substr(1), base64url(hmac(kSecret, ""))}) {
    EXPECT_FALSE(check_upload_state(kSecret, state, kName, kId)) << state;
  }
}

TEST(UploadState, WithoutAnOffsetIsRefusedThoughSigned) {
  ASSERT_EQ(check_upload_state(kSecret, signed_state(fields("7")), kName, kId), 7U);
  for (const char* offset : {"-1", "1.5", "\"7\"", "null", "{}", "18446744073709551616"}) {
    EXPECT_FALSE(check_upload_state(kSecret, signed_state(fields(offset)), kName, kId)) << offset;
  }
  for (const char* json : {"", "x", "[]", "null", "{}", "{\"Name\":\"library/alpine\"}"}) {
    EXPECT_FALSE(check_upload_state(kSecret, signed_state(json), kName, kId)) << json;
  }
}

TEST(UploadState, WithFieldsOfOtherTypesIsRefusedThoughSigned) {
  const auto state = signed_state(R"({"Name":7,"UUID":")" + kId + R"(","Offset":1})");
  EXPECT_FALSE(check_upload_state(kSecret, state, kName, kId));
  EXPECT_FALSE(check_upload_state(
      kSecret, signed_state(R"({"Name":"library/alpine","UUID":null,"Offset":1})"), kName, kId));
}

}  // namespace
}  // namespace registry::api
