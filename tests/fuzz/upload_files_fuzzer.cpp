#include <algorithm>
#include <optional>
#include <string>

#include "fuzzer.hpp"
#include "registry/base/pool.hpp"
#include "registry/content/pins.hpp"
#include "registry/content/repository_locks.hpp"
#include "registry/content/uploads.hpp"
#include "registry/oci/range.hpp"
#include "registry/storage/memory_driver.hpp"
#include "registry/storage/paths.hpp"
#include "support/run.hpp"

namespace registry::fuzz {
namespace {

namespace paths = storage::paths;

constexpr std::string_view kId = "6b3c9a93-af5d-473f-a4ff-9710022185cd";

const oci::RepositoryName& name() {
  static const auto kName = *oci::RepositoryName::parse("library/alpine");
  return kName;
}

// All that an upload works with.
struct Store {
  std::unique_ptr<storage::Driver> driver = storage::make_memory_driver();
  content::Pins pins{std::chrono::minutes(1)};
  content::RepositoryLocks locks;
  base::Pool io{"io", 1}, hashing{"hash", 1};
  content::Uploads uploads{*driver, pins, locks, io, hashing};

  void put(const std::string& path, std::string_view content) {
    driver->put(path, content, storage::Survives::process_crash);
  }
};

// Adds a byte, and looks where the upload is then.
void test_append(Store& store, std::uint64_t acknowledged) {
  static constexpr std::byte kByte{'x'};
  const auto work = [&]() -> content::net::awaitable<void> {
    const auto upload = co_await store.uploads.open(name(), std::string(kId));
    require(upload != nullptr, "an upload that is there can be opened");
    require(upload->offset() == acknowledged, "it is where it says that it is");
    upload->append({&kByte, 1});
    co_await upload->keep();
    require(upload->offset() == acknowledged + 1, "a byte is added");
  };
  support::run(work());
  require(store.uploads.acknowledged(name(), kId) == acknowledged + 1, "it stays where it is");
}

}  // namespace

// The files of an upload, which 2.8 or a crash may have left. Lines: when it began, how long its
// data is, the path of a hash state below its folder. The rest: that state.
void test(std::string_view input) {
  static Store store;
  store.driver->remove_tree(paths::upload(name(), kId), storage::Survives::process_crash);
  store.put(paths::upload_started_at(name(), kId), take_line(input));
  const auto size = oci::parse_unsigned(take_line(input)).value_or(0) % 4096;
  store.put(paths::upload_data(name(), kId), std::string(size, 'd'));
  const auto state = take_line(input);
  for (const std::string_view algorithm : {"sha256/", "sha512/"}) {
    const auto offset = oci::parse_unsigned(state.substr(std::min(algorithm.size(), state.size())));
    if (!state.starts_with(algorithm) || !offset) continue;
    store.put(paths::upload(name(), kId) + "/hashstates/" + std::string(algorithm) +
                  std::to_string(*offset),
              input);
  }
  const auto acknowledged = store.uploads.acknowledged(name(), kId);
  require(acknowledged && *acknowledged <= size, "no more is acknowledged than is there");
  require(store.uploads.last_touched(name(), kId).has_value(), "it was touched at some time");
  test_append(store, *acknowledged);
  require(store.uploads.cancel(name(), kId), "an upload can be cancelled");
}

}  // namespace registry::fuzz
