#include "collect.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "control.hpp"
#include "registry/base/files.hpp"
#include "registry/base/log.hpp"
#include "registry/base/pool.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "registry/storage/store_lock.hpp"

namespace registry::app {
namespace {

// The kernel lets few into one directory at a time.
constexpr unsigned kMaxThreads = 4;

int fail(const std::string& why) {
  std::cerr << "failed to garbage collect: " << why << '\n';
  return 1;
}

std::string request_of(const maintenance::CollectOptions& options) {
  const nlohmann::json request = {{"command", "garbage-collect"},
                                  {"dry_run", options.dry_run},
                                  {"delete_untagged", options.delete_untagged},
                                  {"quiet", options.quiet}};
  return request.dump();
}

void print(const std::string& line) {
  std::cout << line << '\n';
}

int outcome_of(const maintenance::Collected& collected) {
  if (!collected.sweep_was_stopped) return 0;
  return fail("what could not be read may need any blob, and none was removed: the log names it");
}

int collect_on_disk(const base::Path& root, const maintenance::CollectOptions& options) {
  if (!std::filesystem::is_directory(root)) return fail("there is no folder " + root.string());
  // A daemon that serves the store does it beside its traffic.
  const auto code = control::ask(root, request_of(options), print);
  if (code) return *code;
  const auto lock = storage::StoreLock::acquire(root, std::chrono::seconds(0), [](const auto&) {});
  const auto files = base::make_posix_files();
  const auto driver = storage::make_filesystem_driver(*files, root);
  storage::remove_leftovers(*files, root);
  auto with_threads = options;
  with_threads.threads = std::clamp(std::thread::hardware_concurrency(), 1U, kMaxThreads);
  base::Pool io("io", 1);
  const content::Acceptance acceptance;
  content::Content content(*driver, acceptance, io);
  const auto collected = maintenance::collect_garbage(content, *driver, with_threads, print);
  std::cout.flush();
  base::log::info(
      options.dry_run ? "this would be freed" : "freed",
      {{"bytes", std::to_string(collected.bytes)}, {"damaged", std::to_string(collected.damaged)}});
  return outcome_of(collected);
}

}  // namespace

int collect(const config::Config& config, const maintenance::CollectOptions& options) {
  if (config.storage.driver != config::Driver::filesystem) {
    return fail("storage.inmemory keeps nothing that could be collected");
  }
  try {
    return collect_on_disk(config.storage.filesystem.rootdirectory, options);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

int collect_as_asked(const nlohmann::json& asked, Collecting& collecting, const control::Say& say) {
  maintenance::CollectOptions options;
  options.dry_run = asked.value("dry_run", false);
  options.delete_untagged = asked.value("delete_untagged", false);
  options.quiet = asked.value("quiet", false);
  base::log::info("a collection was asked for",
                  {{"dryrun", options.dry_run ? "true" : "false"},
                   {"deleteuntagged", options.delete_untagged ? "true" : "false"}});
  const auto collected = collecting.collect_by_hand(options, say);
  if (collected.kept > 0 && !options.quiet) {
    say("\n" + std::to_string(collected.kept) +
        " more were used too lately: they stay for garbagecollection.mingrace, which is " +
        std::to_string(collecting.mingrace().count()) + "s");
  }
  if (collected.was_ended) say("the daemon ends, and has ended the collection");
  if (collected.sweep_was_stopped) {
    say("what could not be read may need any blob, and none was removed: the daemon's log names "
        "it");
  }
  return collected.was_ended || collected.sweep_was_stopped ? 1 : 0;
}

}  // namespace registry::app
