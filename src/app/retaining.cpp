#include "retaining.hpp"

#include <filesystem>
#include <iostream>
#include <optional>

#include "registry/base/files.hpp"
#include "registry/base/log.hpp"
#include "registry/maintenance/retention.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "registry/storage/store_lock.hpp"
#include "repeating.hpp"

namespace registry::app {
namespace net = boost::asio;

namespace {

void run_once(const Retaining& with) {
  const bool dry_run = with.rules.dryrun;
  try {
    maintenance::RetentionRun run;
    run.dry_run = dry_run;
    run.stop = with.stop;
    const auto retained = maintenance::apply_retention(with.content, with.driver, with.rules, run,
                                                       [](const auto&) {});
    with.metrics.completed(retained, dry_run);
    base::log::info(dry_run ? "retention, dry run" : "retention",
                    {{"tags", std::to_string(retained.tags)},
                     {"manifests", std::to_string(retained.manifests)},
                     {"unreadable", std::to_string(retained.unreadable)}});
  } catch (const std::exception& error) {
    base::log::error("retention failed", {{"err", error.what()}});
  }
}

constexpr const char* kNoRules = "retention has no rules: everything stays";

int fail(const std::string& why) {
  std::cerr << "failed to apply retention: " << why << '\n';
  return 1;
}

std::string line_of(const maintenance::Removal& removal) {
  const auto& [repository, tag, sha256, why] = removal;
  return repository.str() + (tag ? ':' + tag->str() + ' ' : "@") + sha256.str() + ": " + why;
}

// Applies the rules once, and says what went, or would go. Returns the exit code.
int retain_and_say(const config::Retention& rules, content::Content& content,
                   storage::Driver& driver, const maintenance::RetentionRun& run,
                   const control::Say& say, maintenance::RetentionMetrics* metrics = nullptr) {
  std::vector<maintenance::Removal> removals;
  const auto retained = maintenance::apply_retention(
      content, driver, rules, run, [&](const auto& removal) { removals.push_back(removal); });
  if (metrics != nullptr) metrics->completed(retained, run.dry_run);
  if (!run.dry_run) content.uses.save(true);
  for (const auto& removal : removals) say(line_of(removal));
  const auto bytes = maintenance::freed_bytes(driver, removals, run.stop);
  say(std::to_string(retained.tags) + " tags and " + std::to_string(retained.manifests) +
      " manifests " + (run.dry_run ? "would go" : "went") + "; the collector frees " +
      (bytes ? std::to_string(*bytes) : "an unknown number of") + " bytes then");
  return retained.unreadable == 0 ? 0 : 1;
}

int retain_on_disk(const config::Config& config, bool dry_run) {
  const control::Say print = [](const std::string& line) { std::cout << line << '\n'; };
  const base::Path root = config.storage.filesystem.rootdirectory;
  if (!std::filesystem::is_directory(root)) return fail("there is no folder " + root.string());
  std::optional<storage::StoreLock> lock;
  if (!dry_run) {
    // A daemon that serves the store knows what it has promised.
    if (const auto code = control::ask(root, R"({"command":"retention"})", print)) return *code;
    lock = storage::StoreLock::acquire(root, std::chrono::seconds(0), [](const auto&) {});
  }
  if (config.retention.rules.empty()) {
    print(kNoRules);
    return 0;
  }
  const auto files = base::make_posix_files();
  const auto driver = storage::make_filesystem_driver(
      *files, root, dry_run ? storage::Access::looks_on : storage::Access::alone);
  const content::Acceptance acceptance(config.validation, config.policy.repository.classes);
  base::Pool io("io", 1);
  content::Content content(*driver, acceptance, io);
  maintenance::RetentionRun run;
  run.alone = true;
  run.dry_run = dry_run;
  const int code = retain_and_say(config.retention, content, *driver, run, print);
  return code == 0 ? 0 : fail("a repository could not be read: the log names it");
}

}  // namespace

net::awaitable<void> retain_for_ever(Retaining retaining, base::Pool& io) {
  const auto& rules = retaining.rules;
  base::log::info("tags that no rule of retention keeps are removed",
                  {{"rules", std::to_string(rules.rules.size())},
                   {"interval", std::to_string(rules.interval.count()) + "s"},
                   {"dryrun", rules.dryrun ? "true" : "false"}});
  const std::function<void()> work = [&] { run_once(retaining); };
  co_await repeat(io, rules.interval, rules.interval, work);
}

int retain_as_asked(const Retaining& with, const control::Say& say) {
  if (with.rules.rules.empty()) {
    say(kNoRules);
    return 0;
  }
  base::log::info("retention was asked for");
  maintenance::RetentionRun run;
  run.dry_run = with.rules.dryrun;
  run.stop = with.stop;
  const int code = retain_and_say(with.rules, with.content, with.driver, run, say, &with.metrics);
  if (code != 0) say("a repository could not be read: the daemon's log names it");
  return code;
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
