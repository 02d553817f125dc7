#include "api/upload_state.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "fuzzer.hpp"
#include "registry/oci/range.hpp"

namespace registry::fuzz {
namespace {

const std::string kSecret = "secret";
constexpr std::string_view kId = "6b3c9a93-af5d-473f-a4ff-9710022185cd";

const oci::RepositoryName& name() {
  static const auto kName = *oci::RepositoryName::parse("library/alpine");
  return kName;
}

std::optional<std::uint64_t> checked(std::string_view state) {
  return api::check_upload_state(kSecret, state, name(), kId);
}

// As 2.8 does it with the same secret.
std::string signed_state(std::string_view json) {
  std::array<unsigned char, 32> signature{};
  unsigned length = 0;
  HMAC(EVP_sha256(), kSecret.data(), static_cast<int>(kSecret.size()),
       reinterpret_cast<const unsigned char*>(json.data()), json.size(), signature.data(), &length);
  std::string bytes(signature.begin(), signature.end());
  bytes += json;
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

// What a good signature stands before is still to be read with care.
void test_signed(std::string_view json) {
  const auto offset = checked(signed_state(json));
  if (!offset) return;
  const auto read = nlohmann::json::parse(json);
  require(read["Name"] == name().str() && read["UUID"] == kId, "a state is of one upload");
  require(read["Offset"] == *offset, "a state says the offset");
}

void test_made(std::uint64_t offset, std::string_view other_secret) {
  const auto state = api::make_upload_state(kSecret, name(), kId, offset);
  require(checked(state) == offset, "a state that we made is ours");
  require(!api::check_upload_state(kSecret, state, name(), "another"), "and of that upload alone");
  require(other_secret == kSecret ||
              !api::check_upload_state(std::string(other_secret), state, name(), kId),
          "and of that secret alone");
}

}  // namespace

void test(std::string_view input) {
  checked(input);
  test_signed(input);
  const auto digits = input.substr(0, input.find_first_not_of("0123456789"));
  test_made(oci::parse_unsigned(digits).value_or(0), input);
}

}  // namespace registry::fuzz
