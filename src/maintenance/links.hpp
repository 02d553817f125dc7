#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "crew.hpp"
#include "guard.hpp"
#include "registry/content/content.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

// What a collection works with.
struct Tools {
  content::Content& content;
  storage::Driver& driver;
  storage::Folder& blobs;  // that all of them are in
  Crew& crew;
  Guard& guard;
  const std::stop_token& stop;
  std::function<void(const std::string& line)> say;
  content::ReferenceCounts::Recount* recount;  // nullptr: nobody counts
};

// A link as a collector has to see it: what cannot be read is not absent.
struct Link {
  enum class State { absent, whole, damaged };
  State state = State::absent;
  std::optional<oci::Digest> digest;  // of a whole one
};
Link look_at_link(storage::Driver& driver, const std::string& path);
// What a whole link holds, in silence. nullopt: look at it more closely.
std::optional<oci::Digest> glance_at_link(storage::Folder& folder,
                                          const std::string& path) noexcept;

// Where a repository says what is stored under another digest than it is named by: a layer, or else
// a manifest.
std::array<std::string, 2> links_of_name(const oci::RepositoryName& name,
                                         const oci::Digest& sha512);

// False: it is certainly not there.
bool may_exist(storage::Driver& driver, const std::string& path);
// True: it is certainly there.
bool exists(storage::Folder& folder, const std::string& path) noexcept;

// Calls `visit` with what is in the directory `path`, in order. False: it cannot be read, which is
// logged.
bool for_each_entry(storage::Driver& driver, const std::string& path,
                    const std::function<void(const storage::Entry& entry)>& visit);
// The same of the directories in it.
bool for_each_directory(storage::Driver& driver, const std::string& path,
                        const std::function<void(const std::string& name)>& visit);
// The same of digests of one algorithm by their hex digits; other names are passed over.
bool for_each_digest(storage::Driver& driver, const std::string& path, oci::Algorithm algorithm,
                     const std::function<void(const oci::Digest&)>& visit);
// Many of them at a time.
bool for_some_digests(storage::Driver& driver, const std::string& path, oci::Algorithm algorithm,
                      const std::function<void(std::span<const oci::Digest>)>& visit);

}  // namespace registry::maintenance
