#include "serve.hpp"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "asked_collections.hpp"
#include "collect.hpp"
#include "collecting.hpp"
#include "control_server.hpp"
#include "debug_handler.hpp"
#include "health.hpp"
#include "last_uses.hpp"
#include "limits.hpp"
#include "making_room.hpp"
#include "purging.hpp"
#include "registry/api/api.hpp"
#include "registry/base/budget.hpp"
#include "registry/base/files.hpp"
#include "registry/base/log.hpp"
#include "registry/base/pool.hpp"
#include "registry/content/content.hpp"
#include "registry/http/server.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "registry/storage/measured_driver.hpp"
#include "registry/storage/memory_driver.hpp"
#include "registry/storage/relieved_driver.hpp"
#include "registry/storage/reserve_file.hpp"
#include "registry/storage/store_lock.hpp"
#include "retaining.hpp"
#include "scrub.hpp"
#include "scrubbing.hpp"
#include "trimming.hpp"
#include "watching.hpp"

namespace registry::app {
namespace {

namespace log = base::log;
namespace net = boost::asio;

constexpr std::chrono::seconds kDefaultDrain{25};  // below Kubernetes' 30 s
constexpr std::chrono::seconds kLockPatience{60};  // a rolling update overlaps

// Threads that move bodies, of 256 KiB each at most. They stand back, so that small requests are
// answered at once while large bodies move.
constexpr std::size_t kTransfers = 16;
constexpr int kTransferNiceness = 5;
constexpr int kScrubNiceness = 10, kCollectNiceness = 5;

// While there is nothing to end in good order. Not the default action: the first process of a
// container has none.
void end_at_once_on_signal() {
  for (const int signal : {SIGTERM, SIGINT}) {
    std::signal(signal, [](int) { ::_exit(1); });
  }
}

unsigned core_count() {
  return std::max(2U, std::thread::hardware_concurrency());
}

api::Options api_options(const config::Config& config) {
  api::Options options;
  options.delete_enabled = config.storage.remove.enabled;
  options.api_enabled = config.api.enabled;
  options.readonly = config.storage.maintenance.readonly.enabled;
  options.secret = config.http.secret;
  options.host = config.http.host;
  if (!options.host.empty() && !options.host.ends_with('/')) options.host += '/';
  options.prefix = config.http.prefix;
  options.relativeurls = config.http.relativeurls;
  for (const auto& [name, values] : config.http.headers) {
    for (const auto& value : values) options.headers.emplace_back(name, value);
  }
  options.catalog_maxentries = config.catalog.maxentries;
  options.tags_maxtags = config.tags.maxtags;
  return options;
}

// The order of the members is that of their end, reversed: first the pools end their work, which
// refers to coroutines; then the event loop drops the coroutines that were cut off, which refer to
// the content; and the store is let go at the very last.
class Daemon {
 public:
  explicit Daemon(const config::Config& config)
      : config_(config),
        acceptance_(config.validation, config.policy.repository.classes),
        io_("io", config.storage.filesystem.maxthreads) {}
  int run();

 private:
  void open_store();
  bool give_reserve_back();
  void listen();
  void start_collecting();
  void listen_for_commands();
  int do_as_asked(const control::Server::Asked& asked);
  void start_background();
  void start_retention(bool in_memory);
  Retaining retaining() {
    return {config_.retention, *content_, *driver_, retention_metrics_, ending_.get_token()};
  }
  net::awaitable<void> end_on_signal();
  void run_threads();

  const config::Config& config_;
  std::stop_source ending_;  // of what runs in the background
  const std::unique_ptr<base::Files> files_ = base::make_posix_files();
  std::optional<storage::StoreLock> lock_;
  std::optional<storage::ReserveFile> reserve_;
  std::unique_ptr<storage::Driver> driver_;
  base::ByteBudget memory_{body_memory()};
  base::ByteBudget large_manifests_{body_memory() / 2};
  base::ByteBudget tls_memory_{body_memory() / 2};
  base::Metrics metrics_;
  api::RequestMetrics request_metrics_{metrics_};
  maintenance::ScrubMetrics scrub_metrics_{metrics_};
  maintenance::RetentionMetrics retention_metrics_{metrics_};
  const content::Acceptance acceptance_;
  std::optional<content::Content> content_;
  std::optional<maintenance::UsageRecord> usage_;
  std::optional<Collecting> collecting_;
  std::optional<AskedCollections> asked_collections_;
  std::optional<Health> health_;
  std::optional<api::Api> api_;
  std::optional<DebugHandler> debug_;
  net::io_context context_{static_cast<int>(core_count())};
  std::optional<http::Server> server_, debug_server_;
  std::optional<Scrubbing> scrubbing_;
  std::optional<Watching> watching_;
  std::optional<MakingRoom> making_room_;
  std::optional<control::Server> control_;
  base::Pool io_;
  base::Pool transfers_{"transfer", kTransfers, kTransferNiceness};
  base::Pool collecting_pool_{"collect", 1, kCollectNiceness};
  base::Pool scrubbing_pool_{"scrub", 1, kScrubNiceness};  // a run lasts for hours
  // One that waits, or scrubs for hours, must not keep the others waiting.
  base::Pool commands_pool_{"command", control::Server::kMaxAtOnce, kCollectNiceness};
};

void Daemon::open_store() {
  if (config_.storage.driver == config::Driver::inmemory) {
    log::warn("storage.inmemory: everything is lost when the process ends");
    driver_ = storage::make_measured_driver(storage::make_memory_driver(), "inmemory", metrics_);
    return;
  }
  const base::Path root = config_.storage.filesystem.rootdirectory;
  std::filesystem::create_directories(root);
  lock_ = storage::StoreLock::acquire(root, kLockPatience, [&](const std::string& holder) {
    log::warn("waiting for another process to let go of the store",
              {{"root", root.string()}, {"holder", holder}});
  });
  reserve_.emplace(root);
  auto driver = storage::make_relieved_driver(storage::make_filesystem_driver(*files_, root),
                                              [this] { return give_reserve_back(); });
  driver_ = storage::make_measured_driver(std::move(driver), "filesystem", metrics_);
  io_.post([this, root] {
    try {
      storage::remove_leftovers(*files_, root, ending_.get_token());
    } catch (const std::exception& error) {
      log::warn("cannot remove what an earlier process left", {{"err", error.what()}});
    }
  });
}

bool Daemon::give_reserve_back() {
  if (!reserve_->give_back()) return false;
  if (content_) content_->reservations.keep_in_file(0);
  log::warn("the volume is full: what was kept for deletes and collection is given to them");
  return true;
}

net::awaitable<void> Daemon::end_on_signal() {
  const auto executor = co_await net::this_coro::executor;
  net::signal_set signals(executor, SIGTERM, SIGINT);
  boost::system::error_code error;
  const int signal = co_await signals.async_wait(net::redirect_error(net::use_awaitable, error));
  // Whoever is in a hurry sends a second one, which ends the process at once.
  signals.clear();
  end_at_once_on_signal();
  const auto timeout = config_.http.draintimeout > std::chrono::seconds(0)
                           ? config_.http.draintimeout
                           : kDefaultDrain;
  log::info("stopping server gracefully: no new connections, requests under way may end",
            {{"signal", std::to_string(signal)},
             {"draintimeout", std::to_string(timeout.count()) + "s"}});
  health_->drain();
  ending_.request_stop();
  co_await server_->drain(timeout);
  context_.stop();
}

void Daemon::run_threads() {
  const auto run = [this] {
    for (;;) {
      try {
        context_.run();
        return;
      } catch (const std::exception& error) {
        log::error("an exception reached the event loop", {{"err", error.what()}});
      }
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < core_count(); ++i) threads.emplace_back(run);
  run();
}

void Daemon::listen() {
  const auto& http = config_.http;
  http::ServerOptions options;
  options.max_connections = max_connections();
  if (!http.tls.certificate.empty()) {
    options.max_connections = std::min(options.max_connections, max_tls_connections());
    options.tls = http::TlsOptions{http.tls.certificate, http.tls.key, http.tls.clientcas,
                                   http.tls.minimumtls, http.tls.ciphersuites};
  }
  const log::Fields version = {{"version", REGISTRY_VERSION},
                               {"tls", options.tls ? "true" : "false"}};
  server_.emplace(context_, transfers_, tls_memory_, *api_, options);
  if (http.net == config::Net::unix) {
    server_->listen_unix(http.addr);
    log::info("listening on " + http.addr, version);
    return;
  }
  for (const auto& address : server_->listen(http.addr)) {
    log::info("listening on " + address, version);
  }
}

// In read-only mode only where somebody asks, as it was the way to collect beside 2.8.
void Daemon::start_collecting() {
  if (config_.garbagecollection.enabled && !config_.storage.maintenance.readonly.enabled) {
    net::co_spawn(context_, collecting_->collect_for_ever(collecting_pool_), net::detached);
  }
}

void Daemon::listen_for_commands() {
  const auto handler = [this](const control::Server::Asked& asked) { return do_as_asked(asked); };
  const base::Path root = config_.storage.filesystem.rootdirectory;
  try {
    control_.emplace(context_, commands_pool_, root, handler);
  } catch (const std::exception& error) {  // some filesystems have no sockets
    log::warn("commands cannot ask this daemon for anything", {{"err", error.what()}});
  }
}

// What a command asks for. Blocking.
int Daemon::do_as_asked(const control::Server::Asked& asked) {
  const auto& [text, say, gone] = asked;
  const auto request = nlohmann::json::parse(text, nullptr, false);
  const auto command = request.is_object() ? request.value("command", "") : "";
  if (command == "garbage-collect") return collect_as_asked(request, *collecting_, say);
  if (command == "scrub") return scrub_as_asked(request, *scrubbing_, say, gone);
  if (command == "retention") {
    if (config_.storage.maintenance.readonly.enabled) {
      say("retention removes nothing from a store that is read-only");
      return 1;
    }
    return retain_as_asked(retaining(), say);
  }
  say("this daemon does not know that request: the command is of another version");
  return 1;
}

void Daemon::start_background() {
  const bool in_memory = config_.storage.driver == config::Driver::inmemory;
  health_->start(config_.health, in_memory ? "inmemory" : "filesystem");
  const auto& purging = config_.storage.maintenance.uploadpurging;
  if (purging.enabled) {
    net::co_spawn(context_, purge_uploads_for_ever(purging, *content_, io_, ending_.get_token()),
                  net::detached);
  }
  net::co_spawn(context_, save_last_uses_for_ever(content_->uses, io_), net::detached);
  if (!config_.retention.rules.empty()) start_retention(in_memory);
  start_collecting();
  const bool keeps_reserve = reserve_ && !config_.storage.maintenance.readonly.enabled;
  watching_.emplace(config_.capacity, content_->reservations, *health_, metrics_,
                    keeps_reserve ? &*reserve_ : nullptr);
  net::co_spawn(context_, watching_->watch_for_ever(io_), net::detached);
  making_room_.emplace(config_, *content_, *driver_, *collecting_, *watching_, *usage_, metrics_,
                       ending_.get_token());
  net::co_spawn(context_, making_room_->make_room_for_ever(collecting_pool_), net::detached);
  scrubbing_.emplace(config_.scrub, *driver_, *content_, scrub_metrics_, ending_.get_token());
  if (config_.scrub.enabled) {
    net::co_spawn(context_, scrubbing_->scrub_for_ever(scrubbing_pool_), net::detached);
  }
  if (!in_memory) listen_for_commands();
  net::co_spawn(context_, give_back_memory_for_ever(io_), net::detached);
  const auto& debug = config_.http.debug;
  if (debug.addr.empty()) return;
  debug_.emplace(*health_, metrics_, debug.prometheus.enabled ? debug.prometheus.path : "");
  debug_server_.emplace(context_, transfers_, tls_memory_, *debug_, http::ServerOptions());
  for (const auto& address : debug_server_->listen(debug.addr)) {
    log::info("debug server listening on " + address);
  }
}

void Daemon::start_retention(bool in_memory) {
  if (in_memory || config_.storage.maintenance.readonly.enabled) {
    log::warn("retention removes nothing from a store in memory, nor from one that is read-only");
    return;
  }
  net::co_spawn(context_, retain_for_ever(retaining(), io_), net::detached);
}

int Daemon::run() {
  open_store();
  const content::Indexing indexing{index_memory(),
                                   {metrics_, "catalog"},
                                   {metrics_, "tags"},
                                   ending_.get_token(),
                                   index_memory() / 2};
  content_.emplace(*driver_, acceptance_, io_, recent_memory(), indexing,
                   config_.garbagecollection.grace, config_.capacity, config_.quota);
  const auto is_in_place = [this] { return !lock_ || lock_->is_in_place(); };
  health_.emplace(context_, io_, *driver_, is_in_place);
  usage_.emplace(*content_, *driver_, metrics_);
  collecting_.emplace(config_.garbagecollection, *content_, *driver_, metrics_,
                      ending_.get_token());
  asked_collections_.emplace(*collecting_, collecting_pool_);
  const api::Services services{*content_,         io_,
                               transfers_,        memory_,
                               large_manifests_,  *health_,
                               request_metrics_,  *driver_,
                               *usage_,           *asked_collections_,
                               config_.retention, ending_.get_token()};
  api_.emplace(services, api_options(config_));
  if (config_.storage.maintenance.readonly.enabled) {
    log::warn("storage.maintenance.readonly is on: pushes and deletes are refused");
  }
  listen();
  start_background();
  net::co_spawn(context_, end_on_signal(), net::detached);
  run_threads();
  save_last_uses(content_->uses, true);
  if (reserve_) reserve_->give_back();  // whoever comes next has all of the volume
  log::info("stopped");
  return 0;
}

}  // namespace

int serve(const config::Config& config) {
  ::mallopt(M_ARENA_MAX, 2);  // an arena for each of the many threads would hold on to memory
  ::mallopt(M_MMAP_THRESHOLD, 1024 * 1024);  // or large manifests would stay in the arenas
  std::signal(SIGPIPE, SIG_IGN);
  end_at_once_on_signal();
  try {
    return Daemon(config).run();
  } catch (const std::exception& error) {
    log::error("cannot serve", {{"err", error.what()}});
    return 1;
  }
}

}  // namespace registry::app
