#include <thread>

#include "workloads.hpp"

namespace registry::bench {

void upload(Connection& to, const std::string& repository, const BlobSource& source,
            const Blob& blob, bool patch) {
  const auto begun = to.ask("POST", "/v2/" + repository + "/blobs/uploads/");
  expect(begun, 202, "the begin of an upload");
  if (!patch) {
    const auto length = "Content-Length: " + std::to_string(source.blob_size()) + "\r\n";
    source.send_plain(to, blob,
                      request_head(to.server(), "PUT", target_of(begun.head, blob.digest),
                                   length + "Content-Type: application/octet-stream\r\n"));
    Answer done{to.read_head(), {}};
    done.body = to.read_body(done.head);
    expect(done, 201, "a PUT with the blob");
    return;
  }
  source.send_chunked(to, blob,
                      request_head(to.server(), "PATCH", target_of(begun.head),
                                   "Transfer-Encoding: chunked\r\n"
                                   "Content-Type: application/octet-stream\r\n"));
  Answer patched{to.read_head(), {}};
  patched.body = to.read_body(patched.head);
  expect(patched, 202, "a PATCH");
  expect(to.ask("PUT", target_of(patched.head, blob.digest)), 201, "the end of an upload");
}

Json run_upload(const Server& server, const UploadOptions& options) {
  BlobSource source(options.size);
  std::vector<Blob> blobs(options.blobs);
  for (auto& blob : blobs) blob = source.make();

  Failures failures;
  std::atomic<unsigned> next = 0;
  const auto work = [&] {
    std::unique_ptr<Connection> connection;
    for (auto i = next++; i < blobs.size(); i = next++) {
      try {
        if (!connection) connection = std::make_unique<Connection>(server);
        upload(*connection, options.repository, source, blobs[i], options.way == "patch");
      } catch (const std::exception& error) {
        failures.add(error.what());
        connection.reset();
      }
    }
  };
  const Usage usage(server.pids);
  {
    std::vector<std::jthread> threads;
    threads.reserve(options.at_once);
    for (unsigned i = 0; i < options.at_once; ++i) threads.emplace_back(work);
  }
  const auto used = usage.to_json();

  const double gib = static_cast<double>(options.size) *
                     static_cast<double>(options.blobs - failures.count()) / (1 << 30);
  Json json{{"workload", "upload"}, {"way", options.way}, {"gib", gib}};
  put(json, used);
  json["gib_per_s"] = gib / used.at("seconds").get<double>();
  put_failures(json, failures);
  return json;
}

}  // namespace registry::bench
