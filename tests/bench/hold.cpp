#include <functional>
#include <latch>
#include <thread>

#include "workloads.hpp"

namespace registry::bench {

namespace {

constexpr int kSmallBuffer = 64 * 1024;

// Each shape fills 4 MiB, which is what the specification asks registries to take.
std::string hostile_manifest(unsigned shape, std::size_t size) {
  const auto entry = [](std::string_view digest) {
    return Json{{"mediaType", "a"}, {"digest", "sha256:" + std::string(digest)}, {"size", 1}}
        .dump();
  };
  std::string text = R"({"schemaVersion":2,"mediaType":")";
  text.append(shape == 1 ? "application/vnd.oci.image.index.v1+json" : kManifestType).append("\",");
  const auto config = R"("config":)" + entry(std::string(64, '0'));
  std::string_view end = "]}";
  if (shape == 0 || shape == 1) {  // tens of thousands of references, all of them to nothing
    text += shape == 0 ? config + R"(,"layers":[)" : R"("manifests":[)";
    for (unsigned i = 0; text.size() + 300 < size; ++i)
      text += entry(sha256(std::to_string(i))) + ',';
    text += entry(std::string(64, 'f'));
  } else if (shape == 2) {  // deep
    text += config + R"(,"layers":[],"x":)";
    const auto depth = (size - text.size()) / 2 - 1;
    return text + std::string(depth, '[') + std::string(depth, ']') + '}';
  } else {  // wide
    text += config + R"(,"layers":[],"x":[{})";
    while (text.size() + 10 < size) text += ",{}";
  }
  return text.append(end);
}

// Everybody is half way, then everybody ends; the memory is read between.
class Held {
 public:
  Held(const Server& server, unsigned connections)
      : usage_(server.pids), server_(server), half_way_(connections), over_(1) {}

  template <class Work>
  void add(const Work& work) {
    threads_.emplace_back([this, work] {
      bool counted = false;
      const auto wait = [&] {
        counted = true;
        ++accepted_;
        half_way_.count_down();
        over_.wait();
      };
      try {
        work(wait);
      } catch (const std::exception& error) {
        failures_.add(error.what());
      }
      if (!counted) half_way_.count_down();
    });
  }

  Json finish(double seconds) {
    half_way_.wait();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    Json json{{"workload", "hold"}, {"accepted", accepted_.load()}};
    std::uint64_t resident = 0;
    for (const auto pid : server_.pids) resident += resident_bytes(pid);
    over_.count_down();
    threads_.clear();
    put(json, usage_.to_json());
    json["held_rss_bytes"] = resident;
    put_failures(json, failures_);
    return json;
  }

 private:
  Usage usage_;
  const Server& server_;
  std::latch half_way_;
  std::latch over_;
  std::atomic<unsigned> accepted_ = 0;
  Failures failures_;
  std::vector<std::jthread> threads_;
};

void hold_upload(const Server& server, const BlobSource& source, const Blob& blob,
                 const std::function<void()>& wait) {
  Connection connection(server);
  const auto begun = connection.ask("POST", "/v2/bench/hold/blobs/uploads/");
  expect(begun, 202, "the begin of an upload");
  const auto length = "Content-Length: " + std::to_string(source.blob_size()) + "\r\n";
  source.send_first_half(connection,
                         request_head(server, "PATCH", target_of(begun.head),
                                      length + "Content-Type: application/octet-stream\r\n"));
  wait();
  source.send_second_half(connection, blob);
  Answer patched{connection.read_head(), {}};
  patched.body = connection.read_body(patched.head);
  expect(patched, 202, "a PATCH");
  expect(connection.ask("PUT", target_of(patched.head, blob.digest)), 201, "the end of an upload");
}

void hold_download(const Server& server, const HoldOptions& options,
                   const std::function<void()>& wait) {
  constexpr std::size_t kRate = 1 << 20;
  Connection connection(server, kSmallBuffer);
  connection.send(request_head(server, "GET", options.path));
  const auto head = connection.read_head();
  if (head.status != 200) expect({head, connection.read_body(head)}, 200, options.path);
  read_slowly(connection, head.length, kRate,
              Clock::now() + std::chrono::milliseconds(static_cast<long>(options.seconds * 1000)));
  wait();
}

void put_manifest(const Server& server, const std::string& manifest, unsigned number) {
  Connection connection(server);
  const auto path = "/v2/bench/hold/manifests/t" + std::to_string(number);
  const auto index = manifest.find("image.index") < 100;
  const auto type = index ? "application/vnd.oci.image.index.v1+json" : kManifestType;
  const auto answer =
      connection.ask("PUT", path, "Content-Type: " + std::string(type) + "\r\n", manifest);
  if (answer.head.status >= 500) expect(answer, 400, "a hostile manifest");
}

// Beyond a thread for each: what is idle needs none.
Json hold_idle(const Server& server, const HoldOptions& options) {
  Failures failures;
  const Usage usage(server.pids);
  std::vector<std::unique_ptr<Connection>> all;
  for (unsigned i = 0; i < options.connections && failures.count() == 0; ++i) {
    try {
      all.push_back(std::make_unique<Connection>(server));
      expect(all.back()->ask("GET", "/v2/"), 200, "a connection");
    } catch (const std::exception& error) {
      failures.add(error.what());
    }
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds));
  Json json{{"workload", "hold"}, {"accepted", all.size() - failures.count()}};
  put(json, usage.to_json());
  std::uint64_t resident = 0;
  for (const auto pid : server.pids) resident += resident_bytes(pid);
  json["held_rss_bytes"] = resident;
  put_failures(json, failures);
  return json;
}

}  // namespace

Json run_hold(const Server& server, const HoldOptions& options) {
  if (options.what == "idle") return hold_idle(server, options);
  std::vector<std::string> manifests(4);
  if (options.what == "manifests")
    for (unsigned i = 0; i < manifests.size(); ++i)
      manifests[i] = hostile_manifest(i, options.size);
  BlobSource source(options.what == "uploads" ? options.size : 0);
  Held held(server, options.connections);
  for (unsigned i = 0; i < options.connections; ++i) {
    if (options.what == "uploads") {
      held.add(
          [&, blob = source.make()](const auto& wait) { hold_upload(server, source, blob, wait); });
    } else if (options.what == "downloads") {
      held.add([&](const auto& wait) { hold_download(server, options, wait); });
    } else {
      held.add([&, i](const auto& wait) {
        put_manifest(server, manifests[i % manifests.size()], i);
        wait();
      });
    }
  }
  return held.finish(options.what == "uploads" ? options.seconds : 0);
}

}  // namespace registry::bench
