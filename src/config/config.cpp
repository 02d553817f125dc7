#include "registry/config/config.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "section.hpp"

namespace registry::config {
namespace {

constexpr std::string_view kVersion = "0.1";

void read_log(Section log, Log& out) {
  out.level = static_cast<base::log::Level>(log.read_word(
      "level", {"error", "warn", "info", "debug"}, static_cast<std::size_t>(out.level)));
  out.formatter = static_cast<base::log::Formatter>(log.read_word(
      "formatter", {"text", "json", "logstash"}, static_cast<std::size_t>(out.formatter)));
  auto accesslog = log.section("accesslog");
  accesslog.read("disabled", out.accesslog.disabled);
  accesslog.warn_of_unknown();
  log.warn_of_unknown();
}

void read_filesystem(Section filesystem, Filesystem& out) {
  constexpr std::size_t kMinThreads = 25, kMaxThreads = 10'000;
  filesystem.read("rootdirectory", out.rootdirectory);
  if (!out.rootdirectory.starts_with('/')) {
    filesystem.refuse("rootdirectory", "must be an absolute path");
  }
  filesystem.read("maxthreads", out.maxthreads);
  out.maxthreads = std::clamp(out.maxthreads, kMinThreads, kMaxThreads);
  filesystem.warn_of_unknown();
}

void choose_driver(Section& storage, Storage& out) {
  if (storage.is_scalar()) {  // `storage: inmemory`
    if (storage.scalar() != "inmemory") storage.refuse("", "must be a map with one driver");
    out.driver = Driver::inmemory;
    return;
  }
  std::string chosen;
  for (const std::string_view driver :
       {"filesystem", "inmemory", "s3", "azure", "gcs", "swift", "oss"}) {
    if (!storage.has(driver)) continue;
    if (!chosen.empty()) storage.refuse(driver, "there is a driver already, " + chosen);
    chosen = driver;
  }
  if (chosen.empty()) storage.refuse("", "no driver: add filesystem or inmemory");
  if (chosen != "filesystem" && chosen != "inmemory") {
    storage.refuse(chosen, "this driver is not available: use filesystem");
  }
  out.driver = chosen == "inmemory" ? Driver::inmemory : Driver::filesystem;
}

void read_storage(Section storage, Storage& out) {
  choose_driver(storage, out);
  read_filesystem(storage.section("filesystem"), out.filesystem);
  auto remove = storage.section("delete");
  remove.read("enabled", out.remove.enabled);
  remove.warn_of_unknown();
  storage.warn_of_unknown();
}

void check_address(Section& http, const std::string& address) {
  const auto colon = address.rfind(':');
  const auto port = colon == std::string::npos ? std::string() : address.substr(colon + 1);
  const bool is_port = !port.empty() && port.size() <= 5 &&
                       std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }) &&
                       std::stoi(port) <= 65535;
  if (!is_port) http.refuse("addr", "must be host:port or :port, not \"" + address + "\"");
}

void read_http(Section http, Http& out) {
  http.read("addr", out.addr);
  if (!out.addr.empty()) check_address(http, out.addr);
  http.read("secret", out.secret);
  http.read("draintimeout", out.draintimeout);
  http.warn_of_unknown();
}

Loaded read(Document& document) {
  Loaded loaded;
  Section root(document, document.root, "");
  std::string version;
  root.read("version", version);
  if (version != kVersion) root.refuse("version", "must be 0.1, not \"" + version + "\"");
  read_log(root.section("log"), loaded.config.log);
  read_storage(root.section_or_word("storage"), loaded.config.storage);
  read_http(root.section("http"), loaded.config.http);
  root.warn_of_unknown();
  loaded.warnings = std::move(document.warnings);
  return loaded;
}

}  // namespace

Loaded parse(const std::string& text, const std::string& file, const Environment& environment) {
  Document document;
  document.file = file;
  try {
    document.root = YAML::Load(text);
    if (!document.root.IsMap()) throw Invalid(file + ":1: a configuration is a map of keys");
    apply_environment(document, environment);
    return read(document);
  } catch (const YAML::Exception& error) {
    throw Invalid(file + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
}

Loaded load(const std::string& file, const Environment& environment) {
  std::ifstream in(file);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    throw Invalid(file +
                  ": cannot be read, or is empty: " + std::generic_category().message(errno));
  }
  return parse(text.str(), file, environment);
}

}  // namespace registry::config
