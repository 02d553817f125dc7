#include "data.hpp"

#include <openssl/rand.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace registry::bench {

namespace {

constexpr std::size_t kChunk = 32 * 1024;
// Below it, one write from memory is cheaper than a sendfile beside others.
constexpr std::size_t kSmall = 64 * 1024;

std::string hex(const unsigned char* bytes, std::size_t count) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  constexpr std::size_t kMost = std::size_t{1} << 30;
  for (std::size_t at = 0; at < count; at += kMost) {
    auto* const to = reinterpret_cast<unsigned char*>(bytes.data() + at);
    if (RAND_bytes(to, static_cast<int>(std::min(kMost, count - at))) != 1)
      throw std::runtime_error("no random bytes");
  }
  return bytes;
}

std::string chunk_size(std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (; size > 0; size /= 16) text.insert(text.begin(), kDigits[size % 16]);
  return text + "\r\n";
}

std::string framed(std::string_view plain) {
  std::string text;
  text.reserve(plain.size() + (plain.size() / kChunk + 1) * 10);
  for (std::size_t at = 0; at < plain.size(); at += kChunk) {
    const auto chunk = plain.substr(at, kChunk);
    text.append(chunk_size(chunk.size())).append(chunk).append("\r\n");
  }
  return text;
}

}  // namespace

std::string sha256(std::string_view content) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(content.data(), content.size(), digest, &size, EVP_sha256(), nullptr);
  return hex(digest, size);
}

BlobSource::BlobSource(std::size_t blob_size)
    : BlobSource(random_bytes(std::max(blob_size, kEnd) - kEnd)) {}

BlobSource::BlobSource(const std::string& begin)
    : plain_(begin), chunked_(framed(begin)), begun_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(begun_.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(begun_.get(), begin.data(), begin.size());
  const auto run = random_bytes(8);
  run_ = hex(reinterpret_cast<const unsigned char*>(run.data()), run.size());
}

Blob BlobSource::make() {
  const auto number = std::to_string(made_++);
  Blob blob;
  blob.end = run_ + std::string(kEnd - run_.size() - number.size(), '0') + number;
  const std::unique_ptr<EVP_MD_CTX, FreeHash> hash(EVP_MD_CTX_new());
  EVP_MD_CTX_copy_ex(hash.get(), begun_.get());
  EVP_DigestUpdate(hash.get(), blob.end.data(), blob.end.size());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(hash.get(), digest, &size);
  blob.digest = "sha256:" + hex(digest, size);
  return blob;
}

void BlobSource::send(Connection& to, const std::string& head, const MemoryFile& body,
                      const std::string& end) {
  if (body.content().size() <= kSmall) {
    to.send(std::string(head).append(body.content()).append(end));
    return;
  }
  to.send(head, true);
  to.send_file(body, 0, body.content().size());
  to.send(end);
}

void BlobSource::send_plain(Connection& to, const Blob& blob, const std::string& head) const {
  send(to, head, plain_, blob.end);
}

void BlobSource::send_chunked(Connection& to, const Blob& blob, const std::string& head) const {
  send(to, head, chunked_, chunk_size(blob.end.size()) + blob.end + "\r\n0\r\n\r\n");
}

void BlobSource::send_first_half(Connection& to, const std::string& head) const {
  to.send(head, true);
  to.send_file(plain_, 0, plain_.content().size() / 2);
}

void BlobSource::send_second_half(Connection& to, const Blob& blob) const {
  const auto half = plain_.content().size() / 2;
  to.send_file(plain_, half, plain_.content().size() - half);
  to.send(blob.end);
}

std::string target_of(const Head& head, std::string_view digest) {
  auto target = head.location;
  if (const auto scheme = target.find("://"); scheme != std::string::npos)
    target.erase(0, target.find('/', scheme + 3));
  if (target.empty()) throw std::runtime_error("no Location in:\n" + head.text);
  if (digest.empty()) return target;
  target += target.find('?') == std::string::npos ? '?' : '&';
  return target.append("digest=").append(digest);
}

std::string image_manifest(const Descriptor& config, const std::vector<Descriptor>& layers) {
  using Json = nlohmann::ordered_json;
  const auto described = [](std::string_view type, const Descriptor& what) {
    return Json{{"mediaType", type}, {"digest", what.digest}, {"size", what.size}};
  };
  Json manifest{{"schemaVersion", 2},
                {"mediaType", kManifestType},
                {"config", described("application/vnd.oci.image.config.v1+json", config)},
                {"layers", Json::array()}};
  for (const auto& layer : layers)
    manifest["layers"].push_back(described("application/vnd.oci.image.layer.v1.tar+gzip", layer));
  return manifest.dump();
}

}  // namespace registry::bench
