#include "upload_state.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/base/clock.hpp"

namespace registry::api {
namespace {

constexpr std::size_t kSignatureBytes = 32;

std::string sign(const std::string& secret, std::string_view text) {
  std::string signature(kSignatureBytes, '\0');
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(signature.data()), &length);
  return signature;
}

std::string to_base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a zero byte
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

bool says(const nlohmann::json& object, const char* field, std::string_view text) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() &&
         found->get_ref<const std::string&>() == text;
}

std::optional<std::string> from_base64url(std::string text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 4096) return std::nullopt;
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  std::string bytes(text.size() / 4 * 3, '\0');
  const auto n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                 reinterpret_cast<const unsigned char*>(text.data()),
                                 static_cast<int>(text.size()));
  if (n < 0) return std::nullopt;
  const auto padding = std::ranges::count(text, '=');  // which OpenSSL counts as zero bytes
  if (padding > 2) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(n - padding));
  return bytes;
}

}  // namespace

std::string make_upload_state(const std::string& secret, const oci::RepositoryName& name,
                              std::string_view id, std::uint64_t offset) {
  // In the order of 2.8's fields.
  nlohmann::ordered_json state = nlohmann::ordered_json::object();
  state["Name"] = name.str();
  state["UUID"] = id;
  state["Offset"] = offset;
  state["StartedAt"] = base::rfc3339_nanoseconds(std::chrono::system_clock::now());
  const auto text = state.dump();
  return to_base64url(sign(secret, text) + text);
}

std::optional<std::uint64_t> check_upload_state(const std::string& secret, std::string_view state,
                                                const oci::RepositoryName& name,
                                                std::string_view id) {
  const auto bytes = from_base64url(std::string(state));
  if (!bytes || bytes->size() <= kSignatureBytes) return std::nullopt;
  const auto text = std::string_view(*bytes).substr(kSignatureBytes);
  const auto signature = sign(secret, text);
  if (CRYPTO_memcmp(signature.data(), bytes->data(), kSignatureBytes) != 0) return std::nullopt;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !says(json, "Name", name.str()) || !says(json, "UUID", id)) {
    return std::nullopt;
  }
  const auto offset = json.find("Offset");
  if (offset == json.end() || !offset->is_number_unsigned()) return std::nullopt;
  return offset->get<std::uint64_t>();
}

}  // namespace registry::api
