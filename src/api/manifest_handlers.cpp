#include <boost/beast/core/string.hpp>

#include "answers.hpp"
#include "handlers.hpp"
#include "registry/base/offload.hpp"

namespace registry::api {
namespace {

content::Reference reference_of(const Match& match) {
  if (match.last.find(':') != std::string::npos) return blob_digest(match.last);
  auto tag = oci::Tag::parse(match.last);
  if (tag) return *tag;
  throw oci::Error(oci::ErrorCode::tag_invalid,
                   "\"" + match.last.substr(0, 200) +
                       "\": a tag is made of letters, digits, \"_\", \".\" and \"-\", begins with "
                       "none of the last two, and has 128 characters at most");
}

// nullopt: the client sent none, and the manifest says itself what it is.
std::optional<oci::MediaType> declared_type(const http::Request& request) {
  auto text = request.header("Content-Type");
  text = text.substr(0, text.find(';'));
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  const auto type = oci::parse_media_type(text);
  if (type) return type;
  throw oci::Error(oci::ErrorCode::manifest_invalid,
                   "the Content-Type " + std::string(text.substr(0, 200)) +
                       " is not accepted: send an OCI image manifest or index, or a Docker "
                       "manifest of schema 2 or a manifest list");
}

[[noreturn]] void refuse_size() {
  throw oci::Error(oci::ErrorCode::manifest_too_large,
                   "a manifest has " + std::to_string(oci::kMaxManifestBytes) + " bytes at most");
}

net::awaitable<std::string> read_content(Exchange& exchange) {
  const auto length = exchange.content_length();
  if (length && *length > oci::kMaxManifestBytes) refuse_size();
  std::string content(length ? *length : oci::kMaxManifestBytes + 1, '\0');
  const auto n = co_await exchange.read_body(std::as_writable_bytes(std::span(content)));
  if (n > oci::kMaxManifestBytes) refuse_size();
  content.resize(n);
  co_return content;
}

[[noreturn]] void unknown_manifest(const oci::RepositoryName& name, const Match& match) {
  const nlohmann::json detail = {{"name", name.str()}, {"reference", match.last}};
  throw oci::Error(oci::ErrorCode::manifest_unknown, detail);
}

}  // namespace

// Served as stored, whatever Accept says.
net::awaitable<void> ManifestHandlers::get(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  const auto reference = reference_of(match);
  const auto find = [&] { return services_.content.manifests.get(name, reference); };
  auto manifest = co_await base::offload(services_.io, find);
  if (!manifest) unknown_manifest(name, match);
  if (has_already(exchange.request(), manifest->digest)) {
    auto unchanged = answer(304);
    unchanged.add("Etag", etag(manifest->digest));
    co_await exchange.send(std::move(unchanged));
    co_return;
  }
  auto response = answer(200);
  response.add("Docker-Content-Digest", manifest->digest.str());
  response.add("Etag", etag(manifest->digest));
  response.with_body(manifest->media_type, std::move(manifest->content));
  co_await exchange.send(std::move(response));
}

net::awaitable<void> ManifestHandlers::put(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  const auto reference = reference_of(match);
  const auto declared = declared_type(exchange.request());
  const auto length = exchange.content_length().value_or(oci::kMaxManifestBytes);
  if (length > oci::kMaxManifestBytes) refuse_size();
  // A hostile manifest costs twice its bytes: once as text, once as descriptors.
  const auto paid = co_await services_.memory.acquire(2 * length);
  const auto content = co_await read_content(exchange);
  const auto digest = co_await services_.content.manifests.put(name, reference, content, declared);
  auto response = answer(201);
  response.add("Location",
               url(exchange.request(), "/v2/" + name.str() + "/manifests/" + digest.str()));
  response.add("Docker-Content-Digest", digest.str());
  co_await exchange.send(std::move(response));
}

net::awaitable<void> ManifestHandlers::remove(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  const auto reference = reference_of(match);
  if (!options_.delete_enabled) throw deletes_are_off();
  const auto work = [&] {
    return std::visit([&](const auto& it) { return services_.content.manifests.remove(name, it); },
                      reference);
  };
  const bool existed = co_await base::offload(services_.io, work);
  if (!existed) unknown_manifest(name, match);
  co_await exchange.send(answer(202));
}

}  // namespace registry::api
