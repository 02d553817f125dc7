#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "registry/base/log.hpp"

// What config.yml says (CONTRACT 13), with the names of its keys. Every default is here and nowhere
// else. Read once, checked whole, constant afterwards.
namespace registry::config {

struct Log {
  base::log::Level level = base::log::Level::info;
  base::log::Formatter formatter = base::log::Formatter::text;
  struct {
    bool disabled = false;
  } accesslog;
};

struct Filesystem {
  std::string rootdirectory = "/var/lib/registry";
  std::size_t maxthreads = 100;  // for blocking work; fewer than 25 counts as 25, as in 2.8
};

enum class Driver { filesystem, inmemory };

struct Storage {
  Driver driver = Driver::filesystem;
  Filesystem filesystem;
  struct {
    bool enabled = false;
  } remove;  // the key is `delete`
};

struct Http {
  std::string addr;                      // "host:port"; empty: any free port, as in 2.8
  std::string secret;                    // signs the state in upload URLs; empty: none is sent
  std::chrono::seconds draintimeout{0};  // after SIGTERM; 0: 25 s, below Kubernetes' 30 s
};

struct Config {
  Log log;
  Storage storage;
  Http http;
};

// The file cannot be used: "FILE:LINE: key: what is wrong".
class Invalid : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Loaded {
  Config config;
  std::vector<std::string> warnings;  // keys that are not known, as sentences
};

using Environment = std::map<std::string, std::string>;

// Reads `text` as YAML, lays REGISTRY_… of `environment` over it, and checks the whole. `file` is
// for the messages. Throws Invalid.
Loaded parse(const std::string& text, const std::string& file, const Environment& environment);

// The same of a file. Throws Invalid where it cannot be read.
Loaded load(const std::string& file, const Environment& environment);

// Of this process.
Environment process_environment();

}  // namespace registry::config
