#include "answers.hpp"
#include "handlers.hpp"
#include "registry/base/offload.hpp"
#include "registry/oci/range.hpp"
#include "upload_state.hpp"

namespace registry::api {
namespace {

using oci::ErrorCode;

[[noreturn]] void unknown_upload(const std::string& id) {
  throw oci::Error(ErrorCode::blob_upload_unknown,
                   "there is no upload " + id.substr(0, 200) +
                       ": it was finished, cancelled or purged; start over with a POST");
}

oci::Digest announced_digest(const http::Request& request) {
  const auto text = request.target.parameter("digest");
  if (text) return blob_digest(*text);
  throw oci::Error(ErrorCode::digest_invalid, "the digest parameter is missing");
}

// Of the digest that the upload will have: by digest-algorithm (spec end-4c), or by the digest that
// some clients announce here already.
oci::Algorithm announced_algorithm(const http::Request& request) {
  if (const auto text = request.target.parameter("digest")) return blob_digest(*text).algorithm();
  const auto text = request.target.parameter("digest-algorithm").value_or("sha256");
  for (const auto algorithm : {oci::Algorithm::sha256, oci::Algorithm::sha512}) {
    if (text == oci::to_string(algorithm)) return algorithm;
  }
  throw oci::Error(ErrorCode::digest_invalid, "the digest-algorithm \"" +
                                                  std::string(text.substr(0, 100)) +
                                                  "\" is not one of sha256 and sha512");
}

}  // namespace

http::Response UploadHandlers::created(const http::Request& request,
                                       const oci::RepositoryName& name,
                                       const oci::Digest& digest) const {
  auto response = answer(201);
  response.add("Location", urls_.blob(request, name, digest));
  response.add("Docker-Content-Digest", digest.str());
  return response;
}

http::Response UploadHandlers::progress(const http::Request& request, unsigned status,
                                        const oci::RepositoryName& name, const std::string& id,
                                        std::uint64_t offset) const {
  auto location = urls_.upload(request, name, id);
  if (!options_.secret.empty()) {
    location +=
        "?_state=" + http::percent_encode(make_upload_state(options_.secret, name, id, offset));
  }
  auto response = answer(status);
  response.add("Location", location);
  response.add("Docker-Upload-Uuid", id);
  // The last byte, so that an empty upload looks like one of one byte: so does 2.8's.
  response.add("Range", "0-" + std::to_string(offset == 0 ? 0 : offset - 1));
  return response;
}

net::awaitable<void> UploadHandlers::post(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  const bool mounted = co_await mount(exchange, name);
  if (mounted) co_return;
  const bool stored = co_await post_whole(exchange, name);
  if (stored) co_return;
  const auto algorithm = announced_algorithm(exchange.request());
  const auto begin = [&] {
    // Where there is no room, the client is told so now, and not after the first layer.
    services_.content.quotas.check(name, 0);
    const auto room = services_.content.reservations.reserve(0);
    return services_.content.uploads.begin(name, algorithm);
  };
  const auto id = co_await base::offload(services_.io, begin);
  co_await exchange.send(progress(exchange.request(), 202, name, id, 0));
}

// end-11. Without `from` the blob is looked for in the whole store. False: there is nothing to
// mount, and an upload begins instead, as the specification has it for every reason.
net::awaitable<bool> UploadHandlers::mount(Exchange& exchange, const oci::RepositoryName& name) {
  const auto& target = exchange.request().target;
  const auto digest = oci::Digest::parse(target.parameter("mount").value_or(""));
  const auto from_text = target.parameter("from").value_or("");
  const auto from = oci::RepositoryName::parse(from_text);
  if (!digest || (!from && !from_text.empty())) co_return false;
  auto& blobs = services_.content.blobs;
  const auto work = [&] {
    return from ? blobs.mount(*from, name, *digest) : blobs.mount_any(name, *digest);
  };
  const auto blob = co_await base::offload(services_.io, work);
  if (!blob) co_return false;
  auto& quotas = services_.content.quotas;
  const bool is_new_there = !from || quotas.of(*from) != quotas.of(name);
  if (is_new_there) quotas.grew(name, blob->size_bytes);
  co_await exchange.send(created(exchange.request(), name, *digest));
  co_return true;
}

// end-4b: the whole blob in the POST. False: the request has no body, and an upload begins.
net::awaitable<bool> UploadHandlers::post_whole(Exchange& exchange,
                                                const oci::RepositoryName& name) {
  if (!exchange.request().target.parameter("digest")) co_return false;
  const auto digest = announced_digest(exchange.request());
  if (exchange.content_length() == 0 && digest != oci::empty_digest()) co_return false;
  auto& uploads = services_.content.uploads;
  std::string id;  // empty: nothing has begun
  const auto open = [&] {
    id = uploads.begin(name, digest.algorithm());
    return this->open(exchange, name, id);
  };
  const auto finish = [&](content::Upload& upload) { commit(upload, name, digest); };
  const UploadWork work{open, finish, false, quota_of(name)};
  std::exception_ptr failure;
  try {
    co_await receive(exchange, work);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    const auto cancel = [&] { id.empty() || uploads.cancel(name, id); };
    co_await base::offload(services_.io, cancel);
    std::rethrow_exception(failure);
  }
  co_await exchange.send(created(exchange.request(), name, digest));
  co_return true;
}

// What the state in the URL says of the upload: that it is this one, and how far it was. nullopt:
// the URL has none, or nobody signs them here.
std::optional<std::uint64_t> UploadHandlers::stated_offset(const http::Request& request,
                                                           const oci::RepositoryName& name,
                                                           const std::string& id) const {
  const auto state = request.target.parameter("_state");
  if (!state || options_.secret.empty()) return std::nullopt;
  const auto offset = check_upload_state(options_.secret, *state, name, id);
  if (offset) return offset;
  throw oci::Error(ErrorCode::blob_upload_invalid,
                   "the _state in the URL is not of this upload, or was signed with another "
                   "http.secret: use the Location of the last answer as it is");
}

// Blocking.
std::unique_ptr<content::Upload> UploadHandlers::open(const Exchange& exchange,
                                                      const oci::RepositoryName& name,
                                                      const std::string& id) {
  if (!content::is_upload_id(id)) unknown_upload(id);
  auto upload = services_.content.uploads.open(name, id);
  if (!upload) unknown_upload(id);
  const auto more = exchange.content_length().value_or(0);
  services_.content.quotas.check(name, upload->offset() + more);
  return upload;
}

std::function<void(std::uint64_t)> UploadHandlers::quota_of(const oci::RepositoryName& name) const {
  return [this, &name](std::uint64_t bytes) { services_.content.quotas.check(name, bytes); };
}

// Blocking.
void UploadHandlers::commit(content::Upload& upload, const oci::RepositoryName& name,
                            const oci::Digest& digest) {
  const auto blob = upload.commit(digest);
  services_.content.quotas.grew(name, blob.size_bytes);
}

// A chunk that does not begin where the upload ends, by its Content-Range or by the state in its
// URL: 416, with where to go on (spec "Pushing a blob in chunks"). Throws OutOfOrder.
void UploadHandlers::check_order(const http::Request& request, const content::Upload& upload,
                                 std::optional<std::uint64_t> stated) {
  auto begins_at = stated.value_or(upload.offset());
  if (begins_at == upload.offset()) {
    if (const auto chunk = announced_chunk(request)) begins_at = chunk->first;
  }
  if (begins_at != upload.offset()) throw OutOfOrder(upload.offset(), begins_at);
}

http::Response UploadHandlers::refused(Exchange& exchange, const oci::RepositoryName& name,
                                       const std::string& id, const OutOfOrder& error) const {
  exchange.set_failure(error.detail(), false);
  auto response = progress(exchange.request(), error.status(), name, id, error.ends_at());
  response.with_body("application/json; charset=utf-8", oci::document(error));
  return response;
}

net::awaitable<void> UploadHandlers::status(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  if (!content::is_upload_id(match.last)) unknown_upload(match.last);
  const auto look = [&] { return services_.content.uploads.acknowledged(name, match.last); };
  const auto offset = co_await base::offload(services_.io, look);
  if (!offset) unknown_upload(match.last);
  co_await exchange.send(progress(exchange.request(), 204, name, match.last, *offset));
}

// The next request on an upload may arrive on another connection as soon as this one is answered:
// so the upload is let go before the answer is sent.
net::awaitable<void> UploadHandlers::patch(Exchange& exchange, const Match& match) {
  auto response = co_await add_chunk(exchange, match);
  co_await exchange.send(std::move(response));
}

net::awaitable<void> UploadHandlers::put(Exchange& exchange, const Match& match) {
  auto response = co_await finish(exchange, match);
  co_await exchange.send(std::move(response));
}

net::awaitable<void> UploadHandlers::cancel(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  stated_offset(exchange.request(), name, match.last);
  if (!content::is_upload_id(match.last)) unknown_upload(match.last);
  const auto work = [&] { return services_.content.uploads.cancel(name, match.last); };
  const bool existed = co_await base::offload(services_.io, work);
  if (!existed) unknown_upload(match.last);
  auto response = answer(204);
  response.add("Docker-Upload-Uuid", match.last);
  co_await exchange.send(std::move(response));
}

net::awaitable<http::Response> UploadHandlers::add_chunk(Exchange& exchange, const Match& match) {
  const auto& request = exchange.request();
  const auto name = repository_name(match);
  const auto stated = stated_offset(request, name, match.last);
  const auto open = [&] {
    auto upload = this->open(exchange, name, match.last);
    check_order(request, *upload, stated);
    return upload;
  };
  const auto finish = [](content::Upload& upload) { upload.keep(); };
  const UploadWork work{open, finish, true, quota_of(name)};
  try {
    const auto upload = co_await receive(exchange, work);
    co_return progress(request, 202, name, upload->id(), upload->offset());
  } catch (const OutOfOrder& error) {
    co_return refused(exchange, name, match.last, error);
  }
}

net::awaitable<http::Response> UploadHandlers::finish(Exchange& exchange, const Match& match) {
  const auto& request = exchange.request();
  const auto name = repository_name(match);
  const auto digest = announced_digest(request);
  const auto stated = stated_offset(request, name, match.last);
  const auto open = [&] {
    auto upload = this->open(exchange, name, match.last);
    check_order(request, *upload, stated);
    upload->expect(digest.algorithm());
    return upload;
  };
  const auto finish = [&](content::Upload& upload) { commit(upload, name, digest); };
  const UploadWork work{open, finish, false, quota_of(name)};
  try {
    co_await receive(exchange, work);
    co_return created(request, name, digest);
  } catch (const OutOfOrder& error) {
    co_return refused(exchange, name, match.last, error);
  }
}

}  // namespace registry::api
