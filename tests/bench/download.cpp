#include <algorithm>
#include <thread>

#include "workloads.hpp"

namespace registry::bench {

namespace {

// A slow client's buffer, so that the server feels it at once.
constexpr int kSmallBuffer = 64 * 1024;

}  // namespace

void read_slowly(Connection& from, std::size_t bytes, std::size_t rate, Clock::time_point until) {
  constexpr auto kPause = std::chrono::milliseconds(20);
  const auto portion = std::max<std::size_t>(rate / 50, 1);
  auto wake = Clock::now();
  while (bytes > 0 && wake < until) {
    auto left = std::min(portion, bytes);
    bytes -= left;
    while (left > 0) left -= from.discard_some(left);
    wake += kPause;
    std::this_thread::sleep_until(wake);
  }
}

Json run_download(const Server& server, const DownloadOptions& options) {
  Failures failures;
  std::atomic<std::size_t> next = 0;
  std::atomic<std::uint64_t> bytes = 0;
  const auto all = options.paths.size() * options.times;
  const auto until =
      options.seconds > 0
          ? Clock::now() + std::chrono::milliseconds(static_cast<long>(options.seconds * 1000))
          : Clock::time_point::max();
  const auto fetch = [&](std::unique_ptr<Connection>& connection, const std::string& path) {
    if (!connection)
      connection = std::make_unique<Connection>(server, options.slow > 0 ? kSmallBuffer : 0);
    connection->send(request_head(server, "GET", path));
    const auto head = connection->read_head();
    if (head.status != 200) expect({head, connection->read_body(head)}, 200, path);
    const auto before = connection->bytes_read();
    if (options.slow == 0) {
      connection->discard_body(head);
      bytes += head.length;
    } else {
      read_slowly(*connection, head.length, options.slow, until);
      bytes += connection->bytes_read() - before;
      connection.reset();
    }
  };
  const auto work = [&] {
    std::unique_ptr<Connection> connection;
    for (auto i = next++; i < all && Clock::now() < until; i = next++) {
      try {
        fetch(connection, options.paths[i % options.paths.size()]);
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

  const double gib = static_cast<double>(bytes.load()) / (1 << 30);
  Json json{{"workload", "download"}, {"gib", gib}};
  put(json, used);
  json["gib_per_s"] = gib / used.at("seconds").get<double>();
  put_failures(json, failures);
  return json;
}

}  // namespace registry::bench
