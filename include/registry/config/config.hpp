#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
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
  std::map<std::string, std::string> fields;  // in every line of the application log
};

struct Filesystem {
  std::string rootdirectory = "/var/lib/registry";
  std::size_t maxthreads = 100;  // for blocking work; fewer than 25 counts as 25, as in 2.8
};

enum class Driver { filesystem, inmemory };

struct Uploadpurging {
  bool enabled = true;
  std::chrono::seconds age{std::chrono::hours(168)};      // of an upload that nobody touches
  std::chrono::seconds interval{std::chrono::hours(24)};  // between two runs
  bool dryrun = false;                                    // only says what it would remove
};

struct Storage {
  Driver driver = Driver::filesystem;
  Filesystem filesystem;
  struct {
    bool enabled = false;
  } remove;  // the key is `delete`
  struct {
    Uploadpurging uploadpurging;
    struct {
      bool enabled = false;
    } readonly;
  } maintenance;
};

struct Tls {
  std::string certificate, key;        // PEM files; both empty: plain HTTP
  std::vector<std::string> clientcas;  // PEM files; not empty: clients need a certificate of theirs
  std::string minimumtls = "tls1.2";   // tls1.0, tls1.1, tls1.2, tls1.3
  std::vector<std::string> ciphersuites;  // Go's names; empty: OpenSSL's choice of AEAD suites
};

enum class Net { tcp, unix };

struct Http {
  std::string addr;                      // "host:port"; empty: any free port, as in 2.8
  Net net = Net::tcp;                    // unix: `addr` is the path of a socket
  std::string host;                      // "scheme://host[/path/]" of the URLs in answers
  std::string prefix;                    // under which everything lives: "/prefix/"
  std::string secret;                    // signs the state in upload URLs; empty: none is sent
  bool relativeurls = false;             // Location without scheme and host
  std::chrono::seconds draintimeout{0};  // after SIGTERM; 0: 25 s, below Kubernetes' 30 s
  Tls tls;
  // Added to every answer of a known route.
  std::vector<std::pair<std::string, std::vector<std::string>>> headers;
  struct {
    std::string addr;  // empty: no debug server
    struct {
      bool enabled = false;
      std::string path = "/metrics";
    } prometheus;
  } debug;
};

// Checks behind /debug/health: while one of them fails, every request is answered with 503.
struct Health {
  struct {
    bool enabled = false;
    std::chrono::seconds interval{10};
    std::size_t threshold = 0;  // failures in a row that it takes; 0 counts as 1
  } storagedriver;
  struct File {
    std::string file;  // unhealthy while it exists
    std::chrono::seconds interval{10};
  };
  std::vector<File> file;
  struct Tcp {
    std::string addr;
    std::chrono::seconds timeout{5};
    std::chrono::seconds interval{10};
    std::size_t threshold = 0;
  };
  std::vector<Tcp> tcp;
};

// Whether the children of an index must be in the repository (as in 3.0).
enum class Platforms { all, none, list };

struct Platform {
  std::string architecture, os;
};

struct Validation {
  bool disabled = false;  // accept manifests whatever they reference
  struct {
    struct {
      std::vector<std::string> allow,
          deny;  // regular expressions; both empty: any http or https URL
    } urls;
    struct {
      Platforms platforms = Platforms::all;
      std::vector<Platform> platformlist;  // of which children must be there, with `list`
    } indexes;
  } manifests;
};

// Removes what nothing needs, beside traffic.
struct Garbagecollection {
  bool enabled = true;
  std::chrono::seconds interval{std::chrono::hours(1)};  // between two marks of the whole store
  // How long something stays after it was last needed or promised; `mingrace` where the volume is
  // fuller than capacity.high, or where somebody asked by hand. mingrace <= grace.
  std::chrono::seconds grace{std::chrono::hours(1)};
  std::chrono::seconds mingrace{std::chrono::minutes(5)};
};

// Which tags stay. Patterns are those of base/glob.hpp.
struct Retention {
  struct Keep {                     // a tag stays for any of these; at least one of them is there
    std::vector<std::string> tags;  // patterns
    std::optional<std::size_t> newest;  // by the time of the push; at least 1
    std::optional<std::chrono::seconds> pushedwithin, pulledwithin;
  };
  // Of BuildKit's cache, to which `keep` does not speak. Nothing given: its tags stay.
  struct Buildcache {
    std::optional<std::uint64_t> maxsize;  // bytes of a repository; the longest unused goes first
    std::optional<std::chrono::seconds> unusedfor;  // since the last push or pull
  };
  struct Rule {
    std::vector<std::string> repositories;  // patterns, at least one
    std::optional<Keep> keep;               // nullopt: all tags stay
    // How long a manifest stays that clients left without a tag; nullopt: for ever.
    std::optional<std::chrono::seconds> untagged;
    Buildcache buildcache;
  };
  bool dryrun = false;  // only says what it would remove
  std::chrono::seconds interval{std::chrono::hours(1)};
  std::vector<Rule> rules;  // the first that matches a repository decides; none: all stays
};

// How full the volume may become.
struct Capacity {
  std::uint64_t limit = 0;               // bytes of the store; 0: the size of the volume
  unsigned high = 90, low = 80;          // percent of the limit; low < high
  std::uint64_t reserve = 64ULL << 20U;  // bytes kept for deletes and collection on a full volume
  bool evict = false;                    // above `high`, tags go until `low`
  std::vector<std::string> protect;      // patterns of tags that never go so
};

// The repositories that `repositories`, a pattern, decides for may hold `bytes`.
struct Quota {
  std::string repositories;
  std::uint64_t bytes;
};

// Reads all blobs again to find those that are damaged.
struct Scrub {
  bool enabled = false;
  std::chrono::seconds interval{std::chrono::hours(168)};
  std::uint64_t rate = 10ULL << 20U;  // bytes a second at most
};

struct Config {
  Log log;
  Storage storage;
  Http http;
  Health health;
  struct {
    std::size_t maxentries = 1000;  // repositories in one answer at most
  } catalog;
  struct {
    std::size_t maxtags = 0;  // tags in one answer at most; 0: no limit
  } tags;
  Validation validation;
  Garbagecollection garbagecollection;
  Retention retention;
  Capacity capacity;
  std::vector<Quota> quota;  // the first whose pattern matches decides
  Scrub scrub;
  struct {
    bool enabled = true;  // /api/v1: what those who look after the store ask for
  } api;
  struct {
    struct {
      std::vector<std::string> classes;  // image, plugin: what may be pushed; empty: anything
    } repository;
  } policy;
};

// The file cannot be used: "FILE:LINE: key: what is wrong".
class Invalid : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Loaded {
  Config config;
  // Sentences, each with its file and line: keys that are not known, and those that have no effect.
  std::vector<std::string> warnings;
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
