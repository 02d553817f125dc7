#include <algorithm>

#include "answers.hpp"
#include "conditions.hpp"
#include "handlers.hpp"
#include "registry/base/offload.hpp"

namespace registry::api {
namespace {

constexpr std::size_t kSmallBytes = content::kSmallManifestBytes;
constexpr std::size_t kMostTags = 100;  // each costs two durable writes
constexpr std::size_t kCostFactor = 2;  // once as text, once as what is read of it

oci::Tag tag_of(std::string_view text) {
  auto tag = oci::Tag::parse(text);
  if (tag) return *tag;
  throw oci::Error(oci::ErrorCode::tag_invalid,
                   "\"" + std::string(text.substr(0, 200)) +
                       "\": a tag is made of letters, digits, \"_\", \".\" and \"-\", begins with "
                       "none of the last two, and has 128 characters at most");
}

content::Reference reference_of(const Match& match) {
  if (match.last.find(':') != std::string::npos) return blob_digest(match.last);
  return tag_of(match.last);
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

// Beside a digest (spec end-7b). Beside a tag the parameter means nothing.
std::vector<oci::Tag> more_tags(const http::Request& request, const content::Reference& reference) {
  std::vector<oci::Tag> tags;
  if (std::holds_alternative<oci::Tag>(reference)) return tags;
  for (const auto& [key, value] : request.target.query) {
    if (key != "tag") continue;
    auto tag = tag_of(value);
    if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(std::move(tag));
    if (tags.size() <= kMostTags) continue;
    throw oci::Error(
        oci::ErrorCode::too_many_tags,
        "one request sets " + std::to_string(kMostTags) + " tags at most: send the others in more");
  }
  return tags;
}

std::string joined(const std::vector<oci::Tag>& tags) {
  std::string list;
  for (const auto& tag : tags) list += (list.empty() ? "" : ", ") + tag.str();
  return list;
}

// The request outlives it.
content::Precondition precondition_of(const http::Request& request) {
  if (!has_condition(request)) return {};
  return [&request](const auto& current) { require_condition(request, current); };
}

[[noreturn]] void refuse_size() {
  throw oci::Error(oci::ErrorCode::manifest_too_large,
                   "a manifest has " + std::to_string(oci::kMaxManifestBytes) + " bytes at most");
}

[[noreturn]] void unknown_manifest(const oci::RepositoryName& name, const Match& match) {
  const nlohmann::json detail = {{"name", name.str()}, {"reference", match.last}};
  throw oci::Error(oci::ErrorCode::manifest_unknown, detail);
}

// 200, or 304 where the client has it already. Throws where it wants another than this.
http::Response manifest_head(const http::Request& request, const oci::Digest& digest) {
  const auto condition = condition_of(request, digest);
  if (condition == Condition::failed) require_condition(request, digest);
  const bool is_known = condition == Condition::not_modified;
  auto head = answer(is_known ? 304 : 200);
  if (!is_known) head.add("Docker-Content-Digest", digest.str());
  head.add("Etag", etag(digest));
  return head;
}

// Also where the client has the content already: it uses it.
void note_pull(const http::Request& request, content::Use& use) {
  if (request.method == "GET") use.pull(std::chrono::system_clock::now());
}

http::Response answer_with(const http::Request& request, const content::StoredManifest& manifest) {
  auto response = manifest_head(request, manifest.digest);
  note_pull(request, *manifest.use);
  if (response.status() == 200) response.with_body(manifest.media_type, manifest.content);
  return response;
}

}  // namespace

// Served as stored, whatever Accept says.
net::awaitable<void> ManifestHandlers::get(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  const auto reference = reference_of(match);
  auto& manifests = services_.content.manifests;
  const auto recent = manifests.recent(name, reference);
  services_.metrics.looked_into_cache(recent != nullptr);
  if (recent) {
    co_await exchange.send(answer_with(exchange.request(), *recent));
    co_return;
  }
  const auto fetch = [&] { return manifests.fetch(name, reference); };
  const auto fetched = co_await base::offload(services_.io, fetch);
  if (!fetched) unknown_manifest(name, match);
  if (fetched->small) {
    co_await exchange.send(answer_with(exchange.request(), *fetched->small));
  } else {
    co_await send_large(exchange, *fetched);
  }
}

// Its text is in memory only to learn the media type, not while a slow client takes it.
net::awaitable<void> ManifestHandlers::send_large(Exchange& exchange,
                                                  const content::FetchedManifest& fetched) {
  const auto& found = fetched.found;
  auto head = manifest_head(exchange.request(), found.digest);
  note_pull(exchange.request(), *fetched.use);
  if (head.status() == 304) {
    co_await exchange.send(std::move(head));
    co_return;
  }
  auto& manifests = services_.content.manifests;
  std::string media_type;
  std::unique_ptr<storage::BlobReader> stored;
  const auto open = [&] {
    const auto manifest = manifests.read(found);
    if (manifest) media_type = manifest->media_type;
    stored = manifests.open(found);
  };
  {
    const auto paid = co_await reading_.acquire(found.size_bytes);
    co_await base::offload(services_.io, open);
  }
  if (!stored) throw std::runtime_error("a manifest vanished while it was read");
  head.add("Content-Type", media_type);
  const oci::ByteRange whole{0, stored->size()};
  co_await send_stored(exchange, std::move(head), *stored, whole, services_);
}

net::awaitable<void> ManifestHandlers::put(Exchange& exchange, const Match& match) {
  const auto& request = exchange.request();
  const auto name = repository_name(match);
  const auto reference = reference_of(match);
  const auto tags = more_tags(request, reference);
  const auto declared = declared_type(request);
  if (exchange.content_length().value_or(0) > oci::kMaxManifestBytes) refuse_size();
  base::ByteBudget::Reservation paid;
  const auto content = co_await read_content(exchange, paid);
  const content::PushedManifest pushed{reference, tags, declared, content,
                                       precondition_of(request)};
  const auto put = [&] {
    services_.content.quotas.check(name, content.size());
    const auto room = services_.content.reservations.reserve(content.size());
    return services_.content.manifests.put(name, pushed);
  };
  const auto stored = co_await base::offload(services_.io, put);
  auto response = answer(201);
  response.add("Location", urls_.manifest(request, name, stored.digest));
  response.add("Docker-Content-Digest", stored.digest.str());
  if (stored.subject) response.add("OCI-Subject", stored.subject->str());
  if (!tags.empty()) response.add("OCI-Tag", joined(tags));
  co_await exchange.send(std::move(response));
}

// A small one is paid for like a block of an upload. Only one that goes on behind that waits for a
// place among the few large ones, and nobody else waits for those: uploads never stand behind a
// client that sends a large manifest slowly.
net::awaitable<std::string> ManifestHandlers::read_content(Exchange& exchange,
                                                           base::ByteBudget::Reservation& paid) {
  co_await exchange.wait_for_body();  // nothing is held for a client that is silent
  paid = co_await services_.memory.acquire(kCostFactor * kSmallBytes);
  std::string content(kSmallBytes + 1, '\0');
  auto n = co_await exchange.read_body(std::as_writable_bytes(std::span(content)));
  if (n > kSmallBytes) {
    paid = base::ByteBudget::Reservation();
    paid = co_await services_.large_manifests.acquire(kCostFactor * oci::kMaxManifestBytes);
    content.resize(oci::kMaxManifestBytes + 1);
    n += co_await exchange.read_body(std::as_writable_bytes(std::span(content).subspan(n)));
  }
  if (n > oci::kMaxManifestBytes) refuse_size();
  content.resize(n);
  co_return content;
}

net::awaitable<void> ManifestHandlers::remove(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  const auto reference = reference_of(match);
  if (!options_.delete_enabled) throw deletes_are_off();
  const auto condition = precondition_of(exchange.request());
  const auto work = [&] { return services_.content.manifests.remove(name, reference, condition); };
  const bool existed = co_await base::offload(services_.io, work);
  if (!existed) unknown_manifest(name, match);
  co_await exchange.send(answer(202));
}

}  // namespace registry::api
