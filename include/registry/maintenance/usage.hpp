#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "registry/base/clock.hpp"
#include "registry/content/content.hpp"
#include "registry/content/reservations.hpp"
#include "registry/storage/driver.hpp"

namespace registry::maintenance {

// What one repository takes. Bytes are those of different blobs, manifests among them, as they are
// stored.
struct RepositoryUsage {
  std::string name;
  std::size_t tags = 0, manifests = 0;
  std::uint64_t bytes = 0;        // that its manifests need, or that it links to
  std::uint64_t unique = 0;       // of these: that no other repository needs or links to
  std::uint64_t reclaimable = 0;  // of these: that no manifest of the store needs
  std::size_t uploads = 0;        // under way
  std::uint64_t upload_bytes = 0;
  std::size_t damaged = 0;  // places that could not be read, of which nothing is counted
};

// Where the bytes of a store are.
struct Usage {
  static constexpr std::size_t kMostRepositories = 10'000;

  base::WallTime taken;
  // False: what some manifests need is not known, as they or their folder cannot be read: so
  // nobody can say what is unique or reclaimable.
  bool is_complete = true;
  std::size_t damaged = 0;
  std::size_t blobs = 0;
  std::uint64_t bytes = 0;        // of them
  std::uint64_t reclaimable = 0;  // of these: that no manifest needs
  std::size_t repositories = 0, tags = 0, manifests = 0;
  std::size_t uploads = 0;
  std::uint64_t upload_bytes = 0;
  // By their names; of more than kMostRepositories, the largest.
  std::vector<RepositoryUsage> of_each;

  const RepositoryUsage* find(std::string_view name) const;
};

// Goes through the store once. `driver` is that of the content. What others change meanwhile may or
// may not be seen. nullopt: `stop` has ended it early. Costs a look at each blob and link and a
// read of each manifest; in memory 32 bytes for each blob, about 150 for each repository, and 16
// for each link to what its repository does not need. Blocking.
std::optional<Usage> count_usage(content::Content& content, storage::Driver& driver,
                                 const std::stop_token& stop = {});

// As JSON, for people as well: with the `most` largest repositories. nullptr: nothing is counted
// yet.
std::string usage_document(const Usage* usage, const std::optional<content::Fullness>& volume,
                           std::size_t most);
// Of one repository, an object in one line; nullptr: of this one nothing is known.
std::string usage_object(std::string_view name, const RepositoryUsage* usage, bool is_complete);

}  // namespace registry::maintenance
