#include "answers.hpp"
#include "conditions.hpp"
#include "handlers.hpp"
#include "registry/base/offload.hpp"
#include "registry/oci/range.hpp"

namespace registry::api {
namespace {

constexpr std::string_view kBlobType = "application/octet-stream";

http::Response blob_head(unsigned status, const oci::Digest& digest) {
  auto head = answer(status);
  head.add("Accept-Ranges", "bytes");
  head.add("Cache-Control", "max-age=31536000");  // a digest never means anything else
  head.add("Docker-Content-Digest", digest.str());
  head.add("Etag", etag(digest));
  return head;
}

[[noreturn]] void unknown_blob(const oci::Digest& digest) {
  throw oci::Error(oci::ErrorCode::blob_unknown, digest.str());
}

// Which part is asked for (RFC 9110 14.2). An If-Range that names other content asks for all.
oci::RangeRequest range_of(const http::Request& request, const oci::Digest& digest,
                           std::uint64_t size) {
  const auto condition = request.header("If-Range");
  if (!condition.empty() && condition != etag(digest)) return {};
  return oci::parse_range(request.header("Range"), size);
}

http::Response unsatisfiable(std::uint64_t size) {
  auto refusal = text_answer(416, "the range begins behind the end of the blob\n");
  refusal.add("Content-Range", "bytes */" + std::to_string(size));
  return refusal;
}

}  // namespace

net::awaitable<void> BlobHandlers::get(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  const auto digest = blob_digest(match.last);
  const bool sent = co_await send_known(exchange, name, digest);
  if (sent) co_return;
  const auto open = [&] { return services_.content.blobs.open(name, digest); };
  const auto blob = co_await base::offload(services_.io, open);
  if (!blob) unknown_blob(digest);
  co_await send(exchange, digest, *blob);
}

// Without the file: what is known of the blob already says all that is asked for, or it is small.
// False: the file is needed.
net::awaitable<bool> BlobHandlers::send_known(Exchange& exchange, const oci::RepositoryName& name,
                                              const oci::Digest& digest) {
  const auto& request = exchange.request();
  auto& blobs = services_.content.blobs;
  auto known = blobs.recent(name, digest);
  services_.metrics.looked_into_cache(known != nullptr);
  if (!known) {
    const auto fetch = [&] { return blobs.fetch(name, digest); };
    known = co_await base::offload(services_.io, fetch);
    if (!known) unknown_blob(digest);
  }
  const auto condition = condition_of(request, digest);
  if (condition == Condition::failed) require_condition(request, digest);
  if (condition == Condition::not_modified) {
    co_await exchange.send(blob_head(304, digest));
    co_return true;
  }
  const bool is_head = request.method == "HEAD";
  if (!request.header("Range").empty() || (!known->content && !is_head)) co_return false;
  auto head = blob_head(200, digest);
  if (is_head) {
    head.add("Content-Type", kBlobType);
    co_await exchange.begin_body(std::move(head), known->size_bytes);
  } else {
    head.with_body(kBlobType, *known->content);
    co_await exchange.send(std::move(head));
  }
  co_return true;
}

net::awaitable<void> BlobHandlers::send(Exchange& exchange, const oci::Digest& digest,
                                        storage::BlobReader& blob) {
  const auto wanted = range_of(exchange.request(), digest, blob.size());
  if (wanted.kind == oci::RangeRequest::Kind::unsatisfiable) {
    co_await exchange.send(unsatisfiable(blob.size()));
    co_return;
  }
  if (wanted.ranges.size() > 1) {
    co_await send_parts(exchange, blob_head(206, digest), blob, wanted.ranges, services_);
    co_return;
  }
  const bool is_part = wanted.kind == oci::RangeRequest::Kind::partial;
  auto head = blob_head(is_part ? 206 : 200, digest);
  head.add("Content-Type", kBlobType);
  const auto range = is_part ? wanted.ranges.front() : oci::ByteRange{0, blob.size()};
  if (is_part) head.add("Content-Range", content_range(range, blob.size()));
  co_await send_stored(exchange, std::move(head), blob, range, services_);
}

net::awaitable<void> BlobHandlers::remove(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  const auto digest = blob_digest(match.last);
  if (!options_.delete_enabled) throw deletes_are_off();
  const auto work = [&] { return services_.content.blobs.remove(name, digest); };
  const bool existed = co_await base::offload(services_.io, work);
  if (!existed) unknown_blob(digest);
  co_await exchange.send(answer(202));
}

}  // namespace registry::api
