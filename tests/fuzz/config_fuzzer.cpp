#include "registry/config/config.hpp"

#include <algorithm>

#include "config/values.hpp"
#include "fuzzer.hpp"

namespace registry::fuzz {
namespace {

using config::Config;

constexpr std::string_view kFile = "config.yml";

// Variables follow the file, a line each, behind this line.
constexpr std::string_view kMark = "\n#environment\n";

config::Environment environment_in(std::string_view lines) {
  config::Environment environment;
  while (!lines.empty()) {
    const auto line = take_line(lines);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    environment.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return environment;
}

void test_message(std::string_view message) {
  require(message.starts_with(kFile) || message.starts_with("environment variable "),
          "a message says where to look");
}

void test_http(const config::Http& http) {
  require(http.net == config::Net::tcp ? http.addr.empty() || config::is_address(http.addr)
                                       : http.addr.starts_with('/'),
          "the address can be listened on");
  require(http.prefix.empty() || (http.prefix.starts_with('/') && http.prefix.ends_with('/')),
          "the prefix is a path");
  require(http.host.empty() || http.host.find("://") != std::string::npos, "the host is a URL");
  require(http.draintimeout.count() >= 0, "no time is negative");
  for (const auto& [name, values] : http.headers) {
    require(config::is_token(name), "a header has a name");
    for (const auto& value : values) {
      require(std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
              "a header is one line");
    }
  }
}

void test_config(const Config& read) {
  test_http(read.http);
  require(read.storage.filesystem.rootdirectory.starts_with('/'), "the root is absolute");
  require(read.storage.filesystem.maxthreads >= 25, "there are threads enough");
  const auto& purging = read.storage.maintenance.uploadpurging;
  require(purging.age.count() > 0 && purging.interval.count() > 0, "purging takes its time");
  require(read.health.storagedriver.interval.count() > 0, "a check takes its time");
  for (const auto& check : read.health.file) {
    require(!check.file.empty() && check.interval.count() > 0, "a file is there to be looked at");
  }
  for (const auto& check : read.health.tcp) {
    require(config::is_address(check.addr) && check.timeout.count() > 0, "an address can be tried");
  }
  for (const auto* expressions :
       {&read.validation.manifests.urls.allow, &read.validation.manifests.urls.deny}) {
    for (const auto& expression : *expressions) {
      require(config::complaint_about(expression).empty(), "an expression can be compiled");
    }
  }
}

}  // namespace

void test(std::string_view input) {
  const auto mark = input.find(kMark);
  const std::string text(input.substr(0, mark));
  const auto environment = environment_in(
      mark == std::string_view::npos ? std::string_view() : input.substr(mark + kMark.size()));
  try {
    const auto loaded = config::parse(text, std::string(kFile), environment);
    test_config(loaded.config);
    for (const auto& warning : loaded.warnings) test_message(warning);
  } catch (const config::Invalid& invalid) {
    test_message(invalid.what());
  }
}

}  // namespace registry::fuzz
