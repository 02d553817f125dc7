#include "scrub.hpp"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "registry/base/files.hpp"
#include "registry/content/content.hpp"
#include "registry/maintenance/scrubber.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "registry/storage/store_lock.hpp"

namespace registry::app {
namespace {

int fail(const std::string& why) {
  std::cerr << "failed to scrub: " << why << '\n';
  return 1;
}

storage::StoreLock lock_store(const base::Path& root) {
  bool is_in_use = false;
  try {
    return storage::StoreLock::acquire(root, std::chrono::seconds(0),
                                       [&](const std::string&) { is_in_use = true; });
  } catch (const std::runtime_error& error) {
    if (!is_in_use) throw;
    throw std::runtime_error(std::string(error.what()) +
                             "; a daemon scrubs its store itself where scrub.enabled is true");
  }
}

int scrub_on_disk(const base::Path& root, std::uint64_t rate) {
  if (!std::filesystem::is_directory(root)) return fail("there is no folder " + root.string());
  const auto lock = lock_store(root);
  const auto files = base::make_posix_files();
  const auto driver = storage::make_filesystem_driver(*files, root);
  content::Pins pins(content::kGrace);
  content::Recent recent;
  const auto begin = std::chrono::steady_clock::now();
  const auto scrubbed = maintenance::scrub(
      *driver, pins, recent, {.rate = rate},
      [](const maintenance::DamagedBlob& blob) { std::cout << to_string(blob) << '\n'; });
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
  std::cout << scrubbed.blobs << " blobs, " << scrubbed.bytes << " bytes, " << scrubbed.damaged
            << " damaged, " << scrubbed.unreadable << " unreadable, " << seconds.count()
            << " seconds" << std::endl;
  return scrubbed.damaged + scrubbed.unreadable == 0 ? 0 : 1;
}

}  // namespace

int scrub(const config::Config& config) {
  if (config.storage.driver != config::Driver::filesystem) {
    return fail("storage.inmemory keeps nothing that could be scrubbed");
  }
  try {
    return scrub_on_disk(config.storage.filesystem.rootdirectory, config.scrub.rate);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

}  // namespace registry::app
