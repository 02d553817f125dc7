#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "registry/api/api.hpp"
#include "registry/http/exchange.hpp"
#include "registry/oci/range.hpp"
#include "routes.hpp"

namespace registry::api {

using http::Exchange;

// end-1 (GET /v2/), and "/" as 2.8 has it.
class BaseHandlers {
 public:
  net::awaitable<void> root(Exchange& exchange, const Match& match);
  net::awaitable<void> base(Exchange& exchange, const Match& match);
};

// end-8 (tags) and the catalog.
class ListHandlers {
 public:
  explicit ListHandlers(const Services& services) : services_(services) {}
  net::awaitable<void> catalog(Exchange& exchange, const Match& match);
  net::awaitable<void> tags(Exchange& exchange, const Match& match);

 private:
  const Services& services_;
};

// end-3, end-7, end-9.
class ManifestHandlers {
 public:
  ManifestHandlers(const Services& services, const Options& options)
      : services_(services), options_(options) {}
  net::awaitable<void> get(Exchange& exchange, const Match& match);
  net::awaitable<void> put(Exchange& exchange, const Match& match);
  net::awaitable<void> remove(Exchange& exchange, const Match& match);

 private:
  net::awaitable<void> send_large(Exchange& exchange, const content::FoundManifest& found,
                                  http::Response head);
  net::awaitable<std::string> read_content(Exchange& exchange, base::ByteBudget::Reservation& paid);
  const Services& services_;
  const Options& options_;
};

// end-2, end-10.
class BlobHandlers {
 public:
  BlobHandlers(const Services& services, const Options& options)
      : services_(services), options_(options) {}
  net::awaitable<void> get(Exchange& exchange, const Match& match);
  net::awaitable<void> remove(Exchange& exchange, const Match& match);

 private:
  const Services& services_;
  const Options& options_;
};

// The bytes of a stored file, by the kernel where there is one behind it.
net::awaitable<void> send_stored(Exchange& exchange, http::Response head,
                                 storage::BlobReader& stored, const oci::ByteRange& range,
                                 base::ByteBudget& memory);

// end-4a, end-4b, end-5, end-6, end-11, end-13 and the cancelling of uploads.
class UploadHandlers {
 public:
  UploadHandlers(const Services& services, const Options& options)
      : services_(services), options_(options) {}
  net::awaitable<void> post(Exchange& exchange, const Match& match);
  net::awaitable<void> status(Exchange& exchange, const Match& match);
  net::awaitable<void> patch(Exchange& exchange, const Match& match);
  net::awaitable<void> put(Exchange& exchange, const Match& match);
  net::awaitable<void> cancel(Exchange& exchange, const Match& match);

 private:
  net::awaitable<bool> mount(Exchange& exchange, const oci::RepositoryName& name);
  net::awaitable<bool> post_whole(Exchange& exchange, const oci::RepositoryName& name);
  net::awaitable<std::unique_ptr<content::Upload>> open(const oci::RepositoryName& name,
                                                        const std::string& id);
  net::awaitable<void> discard(std::unique_ptr<content::Upload> upload,
                               const oci::RepositoryName& name);
  std::optional<std::uint64_t> stated_offset(const http::Request& request,
                                             const oci::RepositoryName& name,
                                             const std::string& id) const;
  net::awaitable<void> receive(Exchange& exchange, content::Upload& upload);
  net::awaitable<std::exception_ptr> receive_all(Exchange& exchange, content::Upload& upload,
                                                 const oci::Digest& digest);
  net::awaitable<http::Response> add_chunk(Exchange& exchange, const Match& match);
  net::awaitable<http::Response> finish(Exchange& exchange, const Match& match);
  std::optional<http::Response> refuse_out_of_order(Exchange& exchange,
                                                    const oci::RepositoryName& name,
                                                    const content::Upload& upload,
                                                    std::optional<std::uint64_t> stated);
  http::Response progress(const http::Request& request, unsigned status,
                          const oci::RepositoryName& name, const std::string& id,
                          std::uint64_t offset) const;
  const Services& services_;
  const Options& options_;
};

}  // namespace registry::api
