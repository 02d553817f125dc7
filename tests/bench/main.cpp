#include <sys/resource.h>

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

void describe_pages(CLI::App& app, PagesOptions& options) {
  app.add_option("path", options.path, "of the first page")->required();
  app.add_option("--at-most", options.at_most, "seconds")->capture_default_str();
}

void describe_images(CLI::App& app, ImagesOptions& options) {
  app.add_option("--repository", options.repository)->capture_default_str();
  app.add_option("--pushers", options.pushers)->capture_default_str();
  app.add_option("--images", options.images, "of each pusher")->capture_default_str();
  app.add_option("--layers", options.layers)->capture_default_str();
  app.add_option("--size", options.size, "of a layer")->transform(CLI::AsSizeValue(false));
}

void describe_hold(CLI::App& app, HoldOptions& options) {
  app.add_option("what", options.what)
      ->check(CLI::IsMember({"idle", "uploads", "downloads", "manifests"}))
      ->required();
  app.add_option("--connections", options.connections)->capture_default_str();
  app.add_option("--size", options.size, "of an upload or a manifest")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--path", options.path, "of a download");
  app.add_option("--seconds", options.seconds)->capture_default_str();
}

void describe_mixed(CLI::App& app, MixedOptions& options) {
  app.add_option("requests", options.requests)->required();
  app.add_option("--background", options.background)
      ->check(CLI::IsMember({"download", "push"}))
      ->capture_default_str();
  app.add_option("--path", options.paths, "of a download")->allow_extra_args(false);
  app.add_option("--at-once", options.at_once, "in the background")->capture_default_str();
  app.add_option("--slow", options.slow, "bytes a second of each download");
  app.add_option("--connections", options.connections)->capture_default_str();
  app.add_flag("--once", options.once, "each download once, and the end with the last");
  app.add_option("--pause-ms", options.pause_ms)->capture_default_str();
  app.add_option("--seconds", options.seconds)->capture_default_str();
}

void describe_first_answer(CLI::App& app, FirstAnswerOptions& options) {
  app.add_option("command", options.command, "of the server, behind --")->required();
  app.add_option("--path", options.path)->capture_default_str();
  app.add_option("--at-most", options.at_most, "seconds")->capture_default_str();
}

void add_measure(CLI::App& parent, Work& work) {
  auto& app = *parent.add_subcommand("measure", "Time and memory of another program");
  const auto command = std::make_shared<std::vector<std::string>>();
  app.add_option("command", *command, "behind --")->required();
  app.callback([&work, command] { work = [=] { return measure_command(*command); }; });
}

void add_make_store(CLI::App& parent, Work& work) {
  auto& app = *parent.add_subcommand("make-store", "Write a store as files");
  const auto options = std::make_shared<StoreOptions>();
  app.add_option("--root", options->root)->required();
  app.add_option("--repositories", options->repositories);
  app.add_option("--tags", options->tags, "of bench/tags");
  app.add_flag("--without-index", options->without_index, "of the tags");
  app.add_option("--blobs", options->blobs, "half of them garbage");
  app.add_flag("--without-layer-links", options->without_layer_links, "of those blobs");
  app.add_option("--big", options->big, "blobs of bench/big");
  app.add_option("--size", options->size, "of each of them")->transform(CLI::AsSizeValue(false));
  app.callback([&work, options] { work = [=] { return make_store(*options); }; });
}

// As many connections as the system lets a process have.
void raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  CLI::App app("Load for a registry. Each workload prints a line of JSON.", "registry_bench");
  app.require_subcommand(1);
  Work work;
  add<RequestsOptions>(app, work, "requests", "Small requests", run_requests, describe_requests);
  add<DownloadOptions>(app, work, "download", "Blobs, by path", run_download, describe_download);
  add<UploadOptions>(app, work, "upload", "New blobs", run_upload, describe_upload);
  add<PagesOptions>(app, work, "pages", "A list, page by page", run_pages, describe_pages);
  add<ImagesOptions>(app, work, "images", "Whole images: pushes, then pulls", run_images,
                     describe_images);
  add<HoldOptions>(app, work, "hold", "Memory while many clients are half way", run_hold,
                   describe_hold);
  add<MixedOptions>(app, work, "mixed", "Small requests beside large transfers", run_mixed,
                    describe_mixed);
  add<FirstAnswerOptions>(app, work, "first-answer", "From the start to the first 200",
                          run_first_answer, describe_first_answer);
  add_measure(app, work);
  add_make_store(app, work);
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
