#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "registry/api/api.hpp"
#include "registry/http/exchange.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/range.hpp"
#include "routes.hpp"
#include "turns.hpp"
#include "urls.hpp"

namespace registry::api {

using http::Exchange;

// end-1 (GET /v2/), "/" as 2.8 has it, and the probes.
class BaseHandlers {
 public:
  explicit BaseHandlers(const Services& services) : services_(services) {}
  net::awaitable<void> live(Exchange& exchange, const Match& match);
  net::awaitable<void> ready(Exchange& exchange, const Match& match);
  net::awaitable<void> root(Exchange& exchange, const Match& match);
  net::awaitable<void> base(Exchange& exchange, const Match& match);

 private:
  const Services& services_;
};

// end-8 (tags), end-12 (referrers) and the catalog.
class ListHandlers {
 public:
  ListHandlers(const Services& services, const Options& options, const Urls& urls)
      : services_(services),
        options_(options),
        urls_(urls),
        listing_(services.large_manifests.capacity() / 2),
        long_lists_(services.large_manifests.capacity() / 2) {}
  net::awaitable<void> catalog(Exchange& exchange, const Match& match);
  net::awaitable<void> tags(Exchange& exchange, const Match& match);
  net::awaitable<void> referrers(Exchange& exchange, const Match& match);

 private:
  const Services& services_;
  const Options& options_;
  const Urls& urls_;
  base::ByteBudget listing_;     // of referrers that are looked up: for moments
  base::ByteBudget long_lists_;  // of referrers and tags, for as long as clients take them
};

// end-3, end-7, end-9.
class ManifestHandlers {
 public:
  ManifestHandlers(const Services& services, const Options& options, const Urls& urls)
      : services_(services),
        options_(options),
        urls_(urls),
        reading_(services.large_manifests.capacity() / 2) {}
  net::awaitable<void> get(Exchange& exchange, const Match& match);
  net::awaitable<void> put(Exchange& exchange, const Match& match);
  net::awaitable<void> remove(Exchange& exchange, const Match& match);

 private:
  net::awaitable<void> send_large(Exchange& exchange, const content::FetchedManifest& fetched);
  net::awaitable<std::string> read_content(Exchange& exchange, base::ByteBudget::Reservation& paid);
  const Services& services_;
  const Options& options_;
  const Urls& urls_;
  base::ByteBudget reading_;  // of large ones from the store: for moments
};

// end-2, end-10.
class BlobHandlers {
 public:
  BlobHandlers(const Services& services, const Options& options)
      : services_(services), options_(options) {}
  net::awaitable<void> get(Exchange& exchange, const Match& match);
  net::awaitable<void> remove(Exchange& exchange, const Match& match);

 private:
  net::awaitable<bool> send_known(Exchange& exchange, const oci::RepositoryName& name,
                                  const oci::Digest& digest);
  net::awaitable<void> send(Exchange& exchange, const oci::Digest& digest,
                            storage::BlobReader& blob);
  const Services& services_;
  const Options& options_;
};

// /api/v1: where the space went.
class UsageHandlers {
 public:
  UsageHandlers(const Services& services, const Urls& urls) : services_(services), urls_(urls) {}
  net::awaitable<void> store(Exchange& exchange, const Match& match);
  net::awaitable<void> repositories(Exchange& exchange, const Match& match);
  net::awaitable<void> repository(Exchange& exchange, const Match& match);

 private:
  const Services& services_;
  const Urls& urls_;
  Turns reading_;
};

// /api/v1: what makes room.
class UpkeepHandlers {
 public:
  UpkeepHandlers(const Services& services, const Options& options, const Urls& urls)
      : services_(services), options_(options), urls_(urls) {}
  net::awaitable<void> collection(Exchange& exchange, const Match& match);
  net::awaitable<void> collect(Exchange& exchange, const Match& match);
  net::awaitable<void> remove_repository(Exchange& exchange, const Match& match);
  net::awaitable<void> retention(Exchange& exchange, const Match& match);

 private:
  const Services& services_;
  const Options& options_;
  const Urls& urls_;
  Turns removing_, reading_;
};

// The bytes of a stored file, by the kernel where there is one behind it: as a whole body, or as a
// part of one that was begun.
net::awaitable<void> send_stored(Exchange& exchange, http::Response head,
                                 storage::BlobReader& stored, const oci::ByteRange& range,
                                 const Services& services);
net::awaitable<void> write_stored(Exchange& exchange, storage::BlobReader& stored,
                                  const oci::ByteRange& range, const Services& services);
// Several parts of it, as multipart/byteranges (RFC 9110 14.6). `head`: 206, without a type.
net::awaitable<void> send_parts(Exchange& exchange, http::Response head,
                                storage::BlobReader& stored,
                                const std::vector<oci::ByteRange>& parts, const Services& services);
std::string content_range(const oci::ByteRange& range, std::uint64_t size);

// The chunk that Content-Range announces; nullopt: the client sent none. Throws Error(size_invalid)
// for what is no range.
std::optional<oci::ChunkRange> announced_chunk(const http::Request& request);

// Where the upload ends, and where the chunk that was sent begins.
class OutOfOrder : public oci::Error {
 public:
  OutOfOrder(std::uint64_t ends_at, std::uint64_t begins_at)
      : oci::Error(oci::ErrorCode::blob_upload_out_of_order,
                   "the upload has " + std::to_string(ends_at) +
                       " bytes, and the chunk begins at " + std::to_string(begins_at)),
        ends_at_(ends_at) {}
  std::uint64_t ends_at() const { return ends_at_; }

 private:
  std::uint64_t ends_at_;
};

// What a request does with its upload, beside adding its body to it. Called on threads of pools;
// may throw.
struct UploadWork {
  std::function<std::unique_ptr<content::Upload>()> open;
  std::function<void(content::Upload&)> finish;
  bool is_chunk;  // that may be cut: then what arrived is kept
  // Throws where the upload may not become so large; asked as the bytes come, where nobody has said
  // how many they are.
  std::function<void(std::uint64_t bytes)> check_size;
};

// end-4a, end-4b, end-5, end-6, end-11, end-13 and the cancelling of uploads.
class UploadHandlers {
 public:
  UploadHandlers(const Services& services, const Options& options, const Urls& urls)
      : services_(services), options_(options), urls_(urls) {}
  net::awaitable<void> post(Exchange& exchange, const Match& match);
  net::awaitable<void> status(Exchange& exchange, const Match& match);
  net::awaitable<void> patch(Exchange& exchange, const Match& match);
  net::awaitable<void> put(Exchange& exchange, const Match& match);
  net::awaitable<void> cancel(Exchange& exchange, const Match& match);

 private:
  net::awaitable<bool> mount(Exchange& exchange, const oci::RepositoryName& name);
  net::awaitable<bool> post_whole(Exchange& exchange, const oci::RepositoryName& name);
  std::unique_ptr<content::Upload> open(const Exchange& exchange, const oci::RepositoryName& name,
                                        const std::string& id);
  std::function<void(std::uint64_t)> quota_of(const oci::RepositoryName& name) const;
  void commit(content::Upload& upload, const oci::RepositoryName& name, const oci::Digest& digest);
  std::optional<std::uint64_t> stated_offset(const http::Request& request,
                                             const oci::RepositoryName& name,
                                             const std::string& id) const;
  net::awaitable<std::unique_ptr<content::Upload>> receive(Exchange& exchange,
                                                           const UploadWork& work);
  net::awaitable<http::Response> add_chunk(Exchange& exchange, const Match& match);
  net::awaitable<http::Response> finish(Exchange& exchange, const Match& match);
  static void check_order(const http::Request& request, const content::Upload& upload,
                          std::optional<std::uint64_t> stated);
  http::Response refused(Exchange& exchange, const oci::RepositoryName& name, const std::string& id,
                         const OutOfOrder& error) const;
  http::Response progress(const http::Request& request, unsigned status,
                          const oci::RepositoryName& name, const std::string& id,
                          std::uint64_t offset) const;
  http::Response created(const http::Request& request, const oci::RepositoryName& name,
                         const oci::Digest& digest) const;
  const Services& services_;
  const Options& options_;
  const Urls& urls_;
};

}  // namespace registry::api
