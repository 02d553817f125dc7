#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include "connection.hpp"
#include "data.hpp"
#include "report.hpp"

// Each workload is told what to do by its options, and gives back what it measured. All of them
// leave out what the client prepares, such as digests, by preparing it before the clock starts.
namespace registry::bench {

struct RequestsOptions {
  std::vector<std::string> requests;  // "GET /v2/", in turn
  unsigned connections = 32;
  double seconds = 5;
  bool close = false;  // a new connection for each request
};
Json run_requests(const Server& server, const RequestsOptions& options);

struct DownloadOptions {
  std::vector<std::string> paths;
  unsigned at_once = 4;
  unsigned times = 1;    // the whole list
  std::size_t slow = 0;  // bytes a second for each client; 0: as fast as it goes
  double seconds = 0;    // with `slow`: how long; 0: to the end
};
Json run_download(const Server& server, const DownloadOptions& options);

struct UploadOptions {
  std::string repository = "bench/upload";
  unsigned blobs = 8;
  std::size_t size = 128 << 20;
  unsigned at_once = 4;
  std::string way = "patch";  // or "put"
};
Json run_upload(const Server& server, const UploadOptions& options);

// One blob, as dockerd does it (POST, PATCH in chunks, PUT) or as BuildKit does (POST, PUT).
void upload(Connection& to, const std::string& repository, const BlobSource& source,
            const Blob& blob, bool patch);
// Reads at a rate, a little every few milliseconds, until the body or the time is over.
void read_slowly(Connection& from, std::size_t bytes, std::size_t rate, Clock::time_point until);

}  // namespace registry::bench
