#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <functional>
#include <iostream>

#include "workloads.hpp"

namespace registry::bench {
namespace {

using Work = std::function<Json()>;

// Options that every workload which talks to a server has.
class Command {
 public:
  Command(CLI::App& parent, const std::string& name, const std::string& help)
      : app_(*parent.add_subcommand(name, help)) {
    app_.add_option("--server", server_.host, "IPv4 address and port")->required();
    app_.add_option("--server-pid", server_.pids, "whose CPU time and memory are counted")
        ->allow_extra_args(false);
    app_.add_flag("--tls", server_.tls, "the certificate is not verified");
  }

  CLI::App& app() { return app_; }
  const Server& server() {
    server_.address = parse_address(server_.host);
    return server_;
  }

 private:
  CLI::App& app_;
  Server server_;
};

template <class Options>
void add(CLI::App& parent, Work& work, const std::string& name, const std::string& help,
         Json (*run)(const Server&, const Options&), void (*describe)(CLI::App&, Options&)) {
  const auto command = std::make_shared<Command>(parent, name, help);
  const auto options = std::make_shared<Options>();
  describe(command->app(), *options);
  command->app().callback(
      [&work, command, options, run] { work = [=] { return run(command->server(), *options); }; });
}

void describe_requests(CLI::App& app, RequestsOptions& options) {
  app.add_option("requests", options.requests, "such as \"GET /v2/\"; sent in turn")->required();
  app.add_option("--connections", options.connections)->capture_default_str();
  app.add_option("--seconds", options.seconds)->capture_default_str();
  app.add_flag("--close", options.close, "a new connection for each request");
}

void describe_download(CLI::App& app, DownloadOptions& options) {
  app.add_option("paths", options.paths)->required();
  app.add_option("--at-once", options.at_once)->capture_default_str();
  app.add_option("--times", options.times, "how often the whole list")->capture_default_str();
  app.add_option("--slow", options.slow, "bytes a second of each client");
  app.add_option("--seconds", options.seconds, "end by then");
}

void describe_upload(CLI::App& app, UploadOptions& options) {
  app.add_option("--repository", options.repository)->capture_default_str();
  app.add_option("--blobs", options.blobs)->capture_default_str();
  app.add_option("--size", options.size)->transform(CLI::AsSizeValue(false));
  app.add_option("--at-once", options.at_once)->capture_default_str();
  app.add_option("--way", options.way, "patch: POST, PATCH in chunks, PUT; put: POST, PUT")
      ->check(CLI::IsMember({"patch", "put"}))
      ->capture_default_str();
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Load for a registry. Each workload prints a line of JSON.", "registry_bench");
  app.require_subcommand(1);
  Work work;
  add<RequestsOptions>(app, work, "requests", "Small requests", run_requests, describe_requests);
  add<DownloadOptions>(app, work, "download", "Blobs, by path", run_download, describe_download);
  add<UploadOptions>(app, work, "upload", "New blobs", run_upload, describe_upload);
  CLI11_PARSE(app, argc, argv);

  const auto result = work();
  std::cout << result.dump() << std::endl;
  if (result.value("failures", 0) == 0) return 0;
  std::cerr << result.value("first_failure", "") << std::endl;
  return 1;
}

}  // namespace
}  // namespace registry::bench

int main(int argc, char** argv) {
  try {
    return registry::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "registry_bench: " << error.what() << std::endl;
    return 1;
  }
}
