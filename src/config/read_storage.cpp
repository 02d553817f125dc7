#include <algorithm>

#include "read.hpp"

namespace registry::config {
namespace {

struct Missing {
  std::string_view driver, what;
};

constexpr std::string_view kNever =
    "this driver will not come: use filesystem, or a gateway that speaks S3 once s3 is available";

constexpr Missing kMissing[] = {
    {"s3", "this driver is not available in this version, and comes later: use filesystem"},
    {"azure", kNever},
    {"gcs", kNever},
    {"swift", kNever},
    {"oss", kNever},
};

void refuse_missing(Section& storage, std::string_view driver, std::string_view key) {
  for (const auto& missing : kMissing) {
    if (missing.driver == driver) storage.refuse(key, std::string(missing.what));
  }
}

Driver read_driver_in_a_word(Section& storage) {  // `storage: inmemory`
  const auto driver = storage.scalar();
  refuse_missing(storage, driver, "");
  if (driver == "inmemory") return Driver::inmemory;
  if (driver != "filesystem") storage.refuse("", "must be a map with one driver");
  return Driver::filesystem;
}

Driver read_driver(Section& storage) {
  if (storage.is_scalar()) return read_driver_in_a_word(storage);
  std::string chosen;
  const auto look_for = [&](std::string_view driver) {
    if (!storage.has(driver)) return;
    if (!chosen.empty()) storage.refuse(driver, "there is a driver already, " + chosen);
    chosen = driver;
  };
  look_for("filesystem");
  look_for("inmemory");
  for (const auto& missing : kMissing) look_for(missing.driver);
  if (chosen.empty()) storage.refuse("", "no driver: add filesystem or inmemory");
  refuse_missing(storage, chosen, chosen);
  return chosen == "inmemory" ? Driver::inmemory : Driver::filesystem;
}

void note_drivers(Section storage) {
  storage.note("inmemory");
  storage.from_here(Fate::refused);
  for (const auto& missing : kMissing) storage.accept(Kind::any, {missing.driver});
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

void read_maintenance(Section maintenance, Storage& out) {
  auto purging = maintenance.section("uploadpurging");
  auto& to = out.maintenance.uploadpurging;
  purging.read("enabled", to.enabled);
  purging.read_positive("age", to.age);
  purging.read_positive("interval", to.interval);
  purging.read("dryrun", to.dryrun);
  purging.warn_of_unknown();
  auto readonly = maintenance.section("readonly");
  readonly.read("enabled", out.maintenance.readonly.enabled);
  readonly.warn_of_unknown();
  maintenance.warn_of_unknown();
}

void read_cache(Section cache) {
  cache.from_here(Fate::silent);
  for (const char* key : {"blobdescriptor", "layerinfo"}) {
    std::string kind;
    cache.read(key, kind);
    if (kind == "redis") {
      cache.warn(key, "redis is not used: the daemon has caches of its own, which are always true");
    }
  }
  cache.accept(Kind::number, {"blobdescriptorsize"});
  cache.warn_of_unknown();
}

void read_redirect(Section redirect) {
  redirect.from_here(Fate::warned);
  bool disable = true;
  redirect.read("disable", disable);
  if (!disable) {
    redirect.warn("disable",
                  "the daemon sends all blobs itself: a redirect needs an object store, which "
                  "comes later");
  }
  redirect.warn_of_unknown();
}

}  // namespace

void read_storage(Section storage, Storage& out) {
  out.driver = read_driver(storage);
  note_drivers(storage);
  read_filesystem(storage.section("filesystem"), out.filesystem);
  auto remove = storage.section("delete");
  remove.read("enabled", out.remove.enabled);
  remove.warn_of_unknown();
  read_maintenance(storage.section("maintenance"), out);
  read_cache(storage.section("cache"));
  read_redirect(storage.section("redirect"));
  auto tag = storage.section("tag");
  tag.from_here(Fate::silent).accept(Kind::number, {"concurrencylimit"});
  tag.warn_of_unknown();
  storage.warn_of_unknown();
}

}  // namespace registry::config
