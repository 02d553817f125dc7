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

struct PagesOptions {
  std::string path;
  double at_most = 60;  // seconds
};
// A list, page by page as their Links lead, or as far as the time reaches.
Json run_pages(const Server& server, const PagesOptions& options);

struct ImagesOptions {
  std::string repository = "bench/images";  // and a number for each pusher
  unsigned pushers = 8;
  unsigned images = 20;  // of each
  unsigned layers = 11;
  std::size_t size = 16 << 10;
};
// Pushes whole images, then pulls them: {"push": ..., "pull": ...}.
Json run_images(const Server& server, const ImagesOptions& options);

struct HoldOptions {
  std::string what = "idle";  // or "uploads", "downloads", "manifests"
  unsigned connections = 64;
  std::size_t size = 8 << 20;  // of an upload or a manifest
  std::string path;            // of a download
  double seconds = 2;          // how long all of them are held
};
// What the server's memory peaks at while many clients are half way.
Json run_hold(const Server& server, const HoldOptions& options);

struct MixedOptions {
  std::vector<std::string> requests;
  std::string background = "download";  // or "push"
  std::vector<std::string> paths;       // of the downloads
  unsigned at_once = 16;
  std::size_t slow = 0;  // bytes a second of each download
  unsigned connections = 4;
  double pause_ms = 1;  // of each connection between an answer and its next request
  double seconds = 5;
  bool once = false;  // each download once, and the end with the last: what was cold is warm then
};
// The duration of small requests while large transfers, or pushes, go on.
Json run_mixed(const Server& server, const MixedOptions& options);

struct FirstAnswerOptions {
  std::vector<std::string> command;
  std::string path = "/v2/";
  double at_most = 120;  // seconds
};
// Starts a server, and ends it: the time until its first 200.
Json run_first_answer(const Server& server, const FirstAnswerOptions& options);

// One blob, as dockerd does it (POST, PATCH in chunks, PUT) or as BuildKit does (POST, PUT).
void upload(Connection& to, const std::string& repository, const BlobSource& source,
            const Blob& blob, bool patch);
// Reads at a rate, a little every few milliseconds, until the body or the time is over.
void read_slowly(Connection& from, std::size_t bytes, std::size_t rate, Clock::time_point until);

// An image of unique layers, as dockerd pushes it; tells what can be pulled.
struct PushedImage {
  std::string manifest_path;
  std::vector<std::string> blob_paths;
};
PushedImage push_image(Connection& to, const std::string& repository, const std::string& tag,
                       const BlobSource& source, const std::vector<Blob>& layers);

// Of other programs: their time, CPU time and peak memory.
Json measure_command(const std::vector<std::string>& command);

struct StoreOptions {
  std::string root;
  unsigned repositories = 0;         // r/0000000 and on, all with the same image
  unsigned tags = 0;                 // of bench/tags
  bool without_index = false;        // of the tags: what each ever pointed to
  unsigned blobs = 0;                // half of them garbage: for the collector
  bool without_layer_links = false;  // of those blobs
  unsigned big = 0;                  // blobs of bench/big, each of `size`
  std::size_t size = 256 << 20;
};
// Writes a store as files, and tells its digests.
Json make_store(const StoreOptions& options);

}  // namespace registry::bench
