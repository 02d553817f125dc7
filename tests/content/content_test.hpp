#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "registry/base/files.hpp"
#include "registry/base/pool.hpp"
#include "registry/content/blobs.hpp"
#include "registry/content/catalog.hpp"
#include "registry/content/manifests.hpp"
#include "registry/content/tags.hpp"
#include "registry/content/uploads.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/filesystem_driver.hpp"
#include "registry/storage/memory_driver.hpp"
#include "registry/storage/paths.hpp"
#include "support/temporary_directory.hpp"

namespace registry::content {

namespace paths = storage::paths;

enum class Backend { filesystem, memory };

inline oci::RepositoryName name_of(std::string_view text) {
  return *oci::RepositoryName::parse(text);
}
inline oci::Tag tag_of(std::string_view text) {
  return *oci::Tag::parse(text);
}
inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// The content of a store, on each of the drivers.
class ContentTest : public testing::TestWithParam<Backend> {
 protected:
  storage::Driver& driver() { return *driver_; }

  void put(const std::string& path, std::string_view content) {
    driver_->put(path, content, storage::Survives::process_crash);
  }
  std::optional<std::string> get(const std::string& path) { return driver_->get(path, 1 << 20); }
  std::vector<std::string> names_in(const std::string& path) {
    std::vector<std::string> names;
    const auto entries = driver_->list(path, "", 1000);
    for (const auto& entry : entries.value_or(std::vector<storage::Entry>())) {
      names.push_back(entry.name);
    }
    return names;
  }

  // By an upload, as clients do it.
  oci::Digest push_blob(const oci::RepositoryName& name, std::string_view content) {
    const auto upload = uploads_.open(name, uploads_.begin(name));
    upload->append(bytes_of(content));
    return upload->commit(oci::digest_of(content)).sha256;
  }

  static std::string descriptor(std::string_view content, const std::string& more = "") {
    return descriptor(oci::digest_of(content), content.size(), more);
  }
  static std::string descriptor(const oci::Digest& digest, std::size_t size,
                                const std::string& more = "") {
    return R"({"digest":")" + digest.str() + R"(","size":)" + std::to_string(size) + more + '}';
  }
  // Of an OCI manifest: descriptors of the config and the layers.
  static std::string manifest(const std::string& config, const std::string& layers = "") {
    return R"({"schemaVersion":2,"config":)" + config + R"(,"layers":[)" + layers + "]}";
  }
  static std::string index(const std::string& children) {
    return R"({"schemaVersion":2,"manifests":[)" + children + "]}";
  }

  oci::Digest push_manifest(const oci::RepositoryName& name, const Reference& reference,
                            const std::string& content,
                            oci::MediaType type = oci::MediaType::oci_manifest) {
    return manifests_.put(name, {reference, {}, type, content, {}}).digest;
  }
  // A manifest of one blob, which says `text`.
  oci::Digest push_image(const oci::RepositoryName& name, const Reference& reference,
                         std::string_view text) {
    push_blob(name, text);
    return push_manifest(name, reference, manifest(descriptor(text)));
  }

 private:
  std::unique_ptr<storage::Driver> make_driver() {
    if (GetParam() == Backend::memory) return storage::make_memory_driver();
    return storage::make_filesystem_driver(*files_, directory_.path());
  }

  const support::TemporaryDirectory directory_;
  const std::unique_ptr<base::Files> files_ = base::make_posix_files();

 protected:
 private:
  const std::unique_ptr<storage::Driver> driver_ = make_driver();

 protected:
  Pins pins_{std::chrono::hours(1)};
  base::Pool io_{"io", 4};
  RepositoryLocks locks_;
  Tags tags_{*driver_};
  Recent recent_;
  Blobs blobs_{*driver_, pins_, locks_, recent_};
  Uploads uploads_{*driver_, pins_, locks_, recent_};
  Referrers referrers_{*driver_, locks_};
  const Acceptance acceptance_;
  LastUses uses_{*driver_};
  ReferenceCounts counts_;
  Manifests manifests_{*driver_,    pins_,   locks_, tags_,  referrers_,
                       acceptance_, recent_, uses_,  counts_};
  Catalog catalog_{*driver_};
};

// What an oci::Error that `action` throws says; a failure of the test where it throws none.
template <class Action>
oci::ErrorCode error_of(Action action) {
  try {
    action();
  } catch (const oci::Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "no error was thrown";
  return oci::ErrorCode::unknown;
}

inline std::string backend_name(const testing::TestParamInfo<Backend>& info) {
  return info.param == Backend::memory ? "InMemory" : "OnDisk";
}

#define ON_EACH_DRIVER(suite)                                                              \
  INSTANTIATE_TEST_SUITE_P(, suite, testing::Values(Backend::filesystem, Backend::memory), \
                           backend_name)

}  // namespace registry::content
