#include "retaining.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <iostream>
#include <optional>

#include "registry/base/files.hpp"
#include "registry/base/log.hpp"
#include "registry/base/offload.hpp"
#include "registry/maintenance/retention.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "registry/storage/store_lock.hpp"

namespace registry::app {
namespace net = boost::asio;

namespace {

void run_once(const config::Retention& rules, content::Content& content, storage::Driver& driver,
              const std::stop_token& stop) {
  try {
    maintenance::RetentionRun run;
    run.dry_run = rules.dryrun;
    run.stop = stop;
    const auto retained =
        maintenance::apply_retention(content, driver, rules, run, [](const auto&) {});
    base::log::info(rules.dryrun ? "retention, dry run" : "retention",
                    {{"tags", std::to_string(retained.tags)},
                     {"manifests", std::to_string(retained.manifests)},
                     {"unreadable", std::to_string(retained.unreadable)}});
  } catch (const std::exception& error) {
    base::log::error("retention failed", {{"err", error.what()}});
  }
}

int fail(const std::string& why) {
  std::cerr << "failed to apply retention: " << why << '\n';
  return 1;
}

void print(const maintenance::Removal& removal) {
  const auto& [repository, tag, sha256, why] = removal;
  std::cout << repository.str() << (tag ? ":" + tag->str() + " " : "@") << sha256.str() << ": "
            << why << '\n';
}

int retain_on_disk(const config::Config& config, bool dry_run) {
  if (config.retention.rules.empty()) {
    std::cout << "retention has no rules: everything stays\n";
    return 0;
  }
  const base::Path root = config.storage.filesystem.rootdirectory;
  if (!std::filesystem::is_directory(root)) return fail("there is no folder " + root.string());
  std::optional<storage::StoreLock> lock;
  if (!dry_run) {
    lock = storage::StoreLock::acquire(root, std::chrono::seconds(0), [](const auto&) {});
  }
  const auto files = base::make_posix_files();
  const auto driver = storage::make_filesystem_driver(*files, root);
  const content::Acceptance acceptance(config.validation, config.policy.repository.classes);
  base::Pool io("io", 1);
  content::Content content(*driver, acceptance, io);
  maintenance::RetentionRun run;
  run.alone = true;
  run.dry_run = dry_run;
  std::vector<maintenance::Removal> removals;
  const auto retained =
      maintenance::apply_retention(content, *driver, config.retention, run,
                                   [&](const auto& removal) { removals.push_back(removal); });
  if (!dry_run) content.uses.save(true);
  const auto bytes = maintenance::freed_bytes(*driver, removals);
  for (const auto& removal : removals) print(removal);
  std::cout << retained.tags << " tags and " << retained.manifests << " manifests "
            << (dry_run ? "would go" : "went") << "; the collector frees "
            << (bytes ? std::to_string(*bytes) + " bytes then" : "an unknown number of bytes then")
            << '\n';
  return retained.unreadable == 0 ? 0 : fail("a repository could not be read: the log names it");
}

}  // namespace

net::awaitable<void> retain_for_ever(const config::Retention& rules, content::Content& content,
                                     storage::Driver& driver, base::Pool& io,
                                     std::stop_token stop) {
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  base::log::info("tags that no rule of retention keeps are removed",
                  {{"rules", std::to_string(rules.rules.size())},
                   {"interval", std::to_string(rules.interval.count()) + "s"},
                   {"dryrun", rules.dryrun ? "true" : "false"}});
  for (;;) {
    timer.expires_after(rules.interval);
    co_await timer.async_wait(net::use_awaitable);
    const auto work = [&] { run_once(rules, content, driver, stop); };
    co_await base::offload(io, work);
  }
}

int retain(const config::Config& config, bool dry_run) {
  if (config.storage.driver != config::Driver::filesystem) {
    return fail("storage.inmemory keeps nothing that could be removed");
  }
  try {
    return retain_on_disk(config, dry_run || config.retention.dryrun);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

}  // namespace registry::app
