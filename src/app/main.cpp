#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "registry/base/log.hpp"
#include "registry/config/config.hpp"
#include "serve.hpp"

namespace {

using namespace registry;

constexpr int kWrongUse = 2;

int run_serve(const std::string& file) {
  try {
    const auto loaded = config::load(file, config::process_environment());
    const auto& log = loaded.config.log;
    base::log::configure({log.level, log.formatter, !log.accesslog.disabled, {}});
    for (const auto& warning : loaded.warnings) base::log::warn(warning);
    return app::serve(loaded.config);
  } catch (const config::Invalid& error) {
    std::cerr << "configuration error: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A container registry: Docker Registry HTTP API V2 and OCI Distribution",
               "registry");
  bool version = false;
  app.add_flag("-v,--version", version, "Print the version and exit");
  std::string file;
  auto* serve = app.add_subcommand("serve", "Serve the registry's API until SIGTERM");
  serve->add_option("CONFIG", file, "Configuration file (config.yml)")
      ->envname("REGISTRY_CONFIGURATION_PATH");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::cerr << "registry: " << error.what() << "\n\n" << app.help();
    return kWrongUse;
  }
  if (version) {
    std::cout << "registry " << REGISTRY_VERSION << '\n';
    return 0;
  }
  if (!serve->parsed()) {
    std::cerr << "registry: a command is missing\n\n" << app.help();
    return kWrongUse;
  }
  if (file.empty()) {
    std::cerr << "registry serve: name the configuration file, or set "
                 "REGISTRY_CONFIGURATION_PATH\n\n"
              << serve->help();
    return kWrongUse;
  }
  return run_serve(file);
}
