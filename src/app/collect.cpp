#include "collect.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <thread>

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

int collect_on_disk(const base::Path& root, const maintenance::CollectOptions& options) {
  if (!std::filesystem::is_directory(root)) return fail("there is no folder " + root.string());
  const auto lock = storage::StoreLock::acquire(root, std::chrono::seconds(0), [](const auto&) {});
  const auto files = base::make_posix_files();
  const auto driver = storage::make_filesystem_driver(*files, root);
  storage::remove_leftovers(*files, root);
  auto with_threads = options;
  with_threads.threads = std::clamp(std::thread::hardware_concurrency(), 1U, kMaxThreads);
  base::Pool io("io", 1);
  const content::Acceptance acceptance;
  content::Content content(*driver, acceptance, io);
  const auto collected = maintenance::collect_garbage(
      content, *driver, with_threads, [](const std::string& line) { std::cout << line << '\n'; });
  std::cout.flush();
  base::log::info(
      options.dry_run ? "this would be freed" : "freed",
      {{"bytes", std::to_string(collected.bytes)}, {"damaged", std::to_string(collected.damaged)}});
  if (!collected.sweep_was_stopped) return 0;
  return fail("what could not be read may need any blob, and none was removed: the log names it");
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

}  // namespace registry::app
