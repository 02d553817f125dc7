#include "scrub.hpp"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "registry/base/files.hpp"
#include "registry/content/content.hpp"
#include "registry/maintenance/scrubber.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "registry/storage/store_lock.hpp"

namespace registry::app {
namespace {

using Clock = std::chrono::steady_clock;

int fail(const std::string& why) {
  std::cerr << "failed to scrub: " << why << '\n';
  return 1;
}

// At once, as there may be hours between two of them.
void print(const std::string& line) {
  std::cout << line << std::endl;
}

// Returns the exit code.
int say_outcome(const maintenance::Scrubbed& scrubbed, Clock::time_point begin,
                const control::Say& say) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin);
  say(std::to_string(scrubbed.blobs) + " blobs, " + std::to_string(scrubbed.bytes) + " bytes, " +
      std::to_string(scrubbed.damaged) + " damaged, " + std::to_string(scrubbed.unreadable) +
      " unreadable, " + std::to_string(seconds.count()) + " seconds");
  return scrubbed.damaged + scrubbed.unreadable == 0 ? 0 : 1;
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
  // A daemon that serves the store knows what requests rely on.
  const nlohmann::json request = {{"command", "scrub"}, {"rate", rate}};
  if (const auto code = control::ask(root, request.dump(), print)) return *code;
  const auto lock = lock_store(root);
  const auto files = base::make_posix_files();
  const auto driver = storage::make_filesystem_driver(*files, root);
  content::Pins pins(content::kGrace);
  content::Recent recent;
  const auto begin = Clock::now();
  const auto scrubbed =
      maintenance::scrub(*driver, pins, recent, {.rate = rate},
                         [](const maintenance::DamagedBlob& blob) { print(to_string(blob)); });
  return say_outcome(scrubbed, begin, print);
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

int scrub_as_asked(const nlohmann::json& asked, Scrubbing& scrubbing, const control::Say& say,
                   const std::stop_token& gone) {
  const auto begin = Clock::now();
  const auto report = [&](const maintenance::DamagedBlob& blob) { say(to_string(blob)); };
  const auto scrubbed = scrubbing.scrub_by_hand(asked.value("rate", 0ULL), gone, report);
  if (!scrubbed) {
    say("the daemon scrubs this store at this moment, and does it once at a time: its log says "
        "what it finds");
    return 1;
  }
  if (!scrubbed->was_stopped) return say_outcome(*scrubbed, begin, say);
  say("the daemon ends, and has ended the scrub");
  return 1;
}

}  // namespace registry::app
