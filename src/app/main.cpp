#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "collect.hpp"
#include "registry/base/log.hpp"
#include "registry/config/config.hpp"
#include "retaining.hpp"
#include "scrub.hpp"
#include "serve.hpp"

namespace {

using namespace registry;

constexpr int kWrongUse = 2;

void say_invalid(const config::Invalid& error) {
  std::cerr << "configuration error: " << error.what() << '\n';
}

// Reads the file and does what is asked for with it; returns the exit code.
template <class Run>
int with_config(const std::string& file, Run run) {
  try {
    const auto loaded = config::load(file, config::process_environment());
    const auto& log = loaded.config.log;
    base::log::configure({log.level, log.formatter, !log.accesslog.disabled,
                          base::log::Fields(log.fields.begin(), log.fields.end())});
    for (const auto& warning : loaded.warnings) base::log::warn(warning);
    return run(loaded.config);
  } catch (const config::Invalid& error) {
    say_invalid(error);
    return 1;
  }
}

int run_check_config(const std::string& file, bool strict) {
  try {
    const auto warnings = config::load(file, config::process_environment()).warnings;
    for (const auto& warning : warnings) std::cout << warning << '\n';
    std::cout << file << ": ok";
    if (!warnings.empty()) {
      std::cout << ", " << warnings.size() << (warnings.size() == 1 ? " warning" : " warnings");
    }
    std::cout << '\n';
    return strict && !warnings.empty() ? 1 : 0;
  } catch (const config::Invalid& error) {
    say_invalid(error);
    return 1;
  }
}

// A command that is given the configuration file.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& what,
                      std::string& file) {
  auto* command = app.add_subcommand(name, what);
  command->add_option("CONFIG", file, "Configuration file (config.yml)")
      ->envname("REGISTRY_CONFIGURATION_PATH");
  return command;
}

int wrong_use(const std::string& who, const std::string& what, const CLI::App& usage) {
  std::cerr << who << ": " << what << "\n\n" << usage.help();
  return kWrongUse;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A container registry: Docker Registry HTTP API V2 and OCI Distribution",
               "registry");
  bool version = false, strict = false;
  maintenance::CollectOptions collecting;
  app.require_subcommand(0, 1);
  app.add_flag("-v,--version", version, "Print the version and exit");
  std::string file;
  const auto* serve = add_command(app, "serve", "Serve the registry's API until SIGTERM", file);
  auto* check =
      add_command(app, "check-config",
                  "Say whether serve takes the configuration, and what has no effect", file);
  check->add_flag("--strict", strict, "Fail (exit 1) where there is a warning");
  auto* collect =
      add_command(app, "garbage-collect",
                  "Remove what no manifest needs: by the daemon, where one serves the store", file);
  collect->add_flag("-d,--dry-run", collecting.dry_run, "Only say what would be removed");
  collect->add_flag("-m,--delete-untagged", collecting.delete_untagged,
                    "Also remove manifests that no tag leads to");
  collect->add_flag("-q,--quiet", collecting.quiet, "Say nothing but what is wrong");
  bool only_say = false;
  auto* retention =
      add_command(app, "retention", "Remove what the rules of retention do not keep", file);
  retention->add_flag("-d,--dry-run", only_say,
                      "Only say what would be removed, also of a store that is served");
  const auto* scrub = add_command(app, "scrub",
                                  "Hash all blobs again, and put those that are damaged in "
                                  "quarantine: by the daemon, where one serves the store",
                                  file);
  auto* help = app.add_subcommand("help", "Print this help and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return wrong_use("registry", error.what(), app);
  }
  if (version) {
    std::cout << "registry " << REGISTRY_VERSION << '\n';
    return 0;
  }
  const auto commands = app.get_subcommands();
  if (help->parsed()) {
    std::cout << app.help();
    return 0;
  }
  if (commands.empty()) return wrong_use("registry", "a command is missing", app);
  if (file.empty()) {
    return wrong_use("registry " + commands.front()->get_name(),
                     "name the configuration file, or set REGISTRY_CONFIGURATION_PATH",
                     *commands.front());
  }
  if (check->parsed()) return run_check_config(file, strict);
  return with_config(file, [&](const config::Config& config) {
    if (retention->parsed()) return app::retain(config, only_say);
    if (scrub->parsed()) return app::scrub(config);
    return serve->parsed() ? app::serve(config) : app::collect(config, collecting);
  });
}
