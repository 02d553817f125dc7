#pragma once

#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "registry/oci/digest.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// Whether a failure is of this one file or directory, which somebody has damaged or locked away,
// and not of the storage as a whole: it must not be a failure of anything else.
bool is_damage(const std::system_error& error);

// A small text; one that is longer than any that is written here, or that may not be read, is
// damaged, and empty. nullopt: there is none.
std::optional<std::string> read_small(storage::Driver& driver, const std::string& path);

// The digest in a link file. nullopt: there is no such file, or it is empty or garbled, as an
// in-place write of 2.8's leaves it after a crash; the next push mends it.
std::optional<oci::Digest> read_link(storage::Driver& driver, const std::string& path);

// Durable once this returns. Writes nothing where the link says so already.
void write_link(storage::Driver& driver, const std::string& path, const oci::Digest& sha256);

// A stored blob; nullptr where it is absent, or cannot be read, which is logged once. One of no
// bytes under another digest than that of nothing is what a crash left, and absent.
std::unique_ptr<storage::BlobReader> open_stored(storage::Driver& driver,
                                                 const oci::Digest& sha256);
std::optional<std::uint64_t> stored_size(storage::Driver& driver, const oci::Digest& sha256);
// The content of a stored manifest, whole; nullopt where it is absent, or no manifest can be that
// long, or it cannot be read.
std::optional<std::string> stored_manifest(storage::Driver& driver, const oci::Digest& sha256);

}  // namespace registry::content
