#include <thread>

#include "requests.hpp"
#include "workloads.hpp"

namespace registry::bench {

namespace {

constexpr int kSmallBuffer = 64 * 1024;

struct Background {
  const Server& server;
  const MixedOptions& options;
  Clock::time_point until;
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<std::uint64_t> images = 0;
  std::atomic<unsigned> running = options.at_once;

  bool over() const { return Clock::now() >= until; }

  void download(std::size_t number) {
    const auto& path = options.paths[number % options.paths.size()];
    for (bool first = true; !over() && (first || !options.once); first = false) {
      Connection connection(server, options.slow > 0 ? kSmallBuffer : 0);
      connection.send(request_head(server, "GET", path));
      const auto head = connection.read_head();
      if (head.status != 200) expect({head, connection.read_body(head)}, 200, path);
      if (options.slow > 0) {
        read_slowly(connection, head.length, options.slow, until);
      } else {
        for (auto left = head.length; left > 0 && !over();) left -= connection.discard_some(left);
      }
      bytes += connection.bytes_taken();
    }
  }

  void push(std::size_t number) {
    constexpr unsigned kLayers = 12;
    BlobSource source(16 << 10);
    Connection connection(server);
    while (!over()) {
      std::vector<Blob> layers(kLayers);
      for (auto& layer : layers) layer = source.make();
      push_image(connection, "bench/storm-" + std::to_string(number), "t" + layers.front().end,
                 source, layers);
      ++images;
    }
  }
};

// The times of one connection that pauses between its requests, while something is under way.
void ask(const Server& server, const MixedOptions& options, const Background& background,
         Latencies& latencies) {
  Connection connection(server);
  for (std::size_t i = 0; !background.over() && background.running > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(options.pause_ms));
    const auto& text = options.requests[i % options.requests.size()];
    const auto space = text.find(' ');
    const auto begin = Clock::now();
    const auto answer = connection.ask(text.substr(0, space), text.substr(space + 1));
    latencies.add(Clock::now() - begin);
    expect(answer, 200, text);
  }
}

}  // namespace

Json run_mixed(const Server& server, const MixedOptions& options) {
  Failures failures;
  const auto until =
      Clock::now() + std::chrono::milliseconds(static_cast<long>(options.seconds * 1000));
  Background background{server, options, until};
  std::vector<Latencies> latencies(options.connections);
  const auto guarded = [&](const auto& work) {
    try {
      work();
    } catch (const std::exception& error) {
      failures.add(error.what());
    }
  };
  const Usage usage(server.pids);
  {
    std::vector<std::jthread> threads;
    threads.reserve(options.at_once + latencies.size());
    for (unsigned i = 0; i < options.at_once; ++i)
      threads.emplace_back([&, i] {
        guarded(
            [&] { options.background == "push" ? background.push(i) : background.download(i); });
        --background.running;
      });
    for (auto& of_one : latencies)
      threads.emplace_back([&] { guarded([&] { ask(server, options, background, of_one); }); });
  }
  Json json{{"workload", "mixed"}, {"background", options.background}};
  put(json, usage.to_json());
  Latencies all;
  for (const auto& of_one : latencies) all.merge(of_one);
  json["done"] = all.count();
  put(json, all.to_json());
  json["background_gib_per_s"] =
      static_cast<double>(background.bytes) / (1 << 30) / json.at("seconds").get<double>();
  json["background_images"] = background.images.load();
  put_failures(json, failures);
  return json;
}

}  // namespace registry::bench
