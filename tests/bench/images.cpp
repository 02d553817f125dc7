#include <thread>

#include "workloads.hpp"

namespace registry::bench {

namespace {

void push_blob(Connection& to, const std::string& repository, const BlobSource& source,
               const Blob& blob) {
  expect(to.ask("HEAD", "/v2/" + repository + "/blobs/" + blob.digest), 404, "a new blob");
  upload(to, repository, source, blob, true);
}

void pull_image(Connection& from, const PushedImage& image) {
  expect(from.ask("GET", image.manifest_path), 200, image.manifest_path);
  for (const auto& path : image.blob_paths) {
    from.send(request_head(from.server(), "GET", path));
    const auto head = from.read_head();
    if (head.status != 200) expect({head, from.read_body(head)}, 200, path);
    from.discard_body(head);
  }
}

struct Pusher {
  std::string repository;
  std::vector<std::vector<Blob>> images;
  std::vector<PushedImage> pushed;
  Latencies push_times;
  Latencies pull_times;
};

// `work(pusher, connection, i)` for each image, all pushers at once.
template <class Work>
Json timed(const Server& server, std::vector<Pusher>& pushers, Failures& failures,
           Latencies Pusher::* times, const Work& work) {
  const Usage usage(server.pids);
  {
    std::vector<std::jthread> threads;
    threads.reserve(pushers.size());
    for (auto& pusher : pushers) {
      threads.emplace_back([&] {
        try {
          Connection connection(server);
          for (std::size_t i = 0; i < pusher.images.size(); ++i) {
            const auto begin = Clock::now();
            work(pusher, connection, i);
            (pusher.*times).add(Clock::now() - begin);
          }
        } catch (const std::exception& error) {
          failures.add(error.what());
        }
      });
    }
  }
  auto json = usage.to_json();
  Latencies all;
  for (const auto& pusher : pushers) all.merge(pusher.*times);
  json["done"] = all.count();
  json["per_s"] = static_cast<double>(all.count()) / json.at("seconds").get<double>();
  put(json, all.to_json());
  return json;
}

}  // namespace

PushedImage push_image(Connection& to, const std::string& repository, const std::string& tag,
                       const BlobSource& source, const std::vector<Blob>& layers) {
  PushedImage image;
  std::vector<Descriptor> described;
  for (const auto& layer : layers) {
    push_blob(to, repository, source, layer);
    described.push_back({layer.digest, source.blob_size()});
    image.blob_paths.push_back("/v2/" + repository + "/blobs/" + layer.digest);
  }
  // The first layer stands for the config as well: to a registry both are blobs.
  const auto manifest = image_manifest(described.front(), described);
  image.manifest_path = "/v2/" + repository + "/manifests/" + tag;
  const auto type = "Content-Type: " + std::string(kManifestType) + "\r\n";
  expect(to.ask("PUT", image.manifest_path, type, manifest), 201, "a manifest");
  return image;
}

Json run_images(const Server& server, const ImagesOptions& options) {
  BlobSource source(options.size);
  std::vector<Pusher> pushers(options.pushers);
  for (unsigned i = 0; i < options.pushers; ++i) {
    auto& pusher = pushers[i];
    pusher.repository = options.repository + "-" + std::to_string(i);
    pusher.pushed.resize(options.images);
    for (unsigned image = 0; image < options.images; ++image) {
      auto& layers = pusher.images.emplace_back(options.layers + 1);  // and a config
      for (auto& layer : layers) layer = source.make();
    }
  }
  Failures failures;
  Json json{{"workload", "images"}};
  json["push"] = timed(server, pushers, failures, &Pusher::push_times,
                       [&](Pusher& pusher, Connection& to, std::size_t i) {
                         const auto tag = "t" + pusher.images[i].front().end;
                         pusher.pushed[i] =
                             push_image(to, pusher.repository, tag, source, pusher.images[i]);
                       });
  if (failures.count() == 0)
    json["pull"] = timed(server, pushers, failures, &Pusher::pull_times,
                         [](const Pusher& pusher, Connection& from, std::size_t i) {
                           pull_image(from, pusher.pushed[i]);
                         });
  put_failures(json, failures);
  return json;
}

}  // namespace registry::bench
