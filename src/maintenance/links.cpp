#include "links.hpp"

#include <algorithm>
#include <system_error>
#include <vector>

#include "packed_digest.hpp"
#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {

namespace {
constexpr std::size_t kMaxLinkBytes = 4096;
}

std::optional<oci::Digest> glance_at_link(storage::Folder& folder,
                                          const std::string& path) noexcept {
  try {
    const auto text = folder.get(path, kMaxLinkBytes);
    auto digest = oci::Digest::parse(text.value_or(""));
    if (digest && digest->algorithm() == oci::Algorithm::sha256) return digest;
  } catch (const std::exception&) {
    // Whoever looks more closely says what it is.
  }
  return std::nullopt;
}

Link look_at_link(storage::Driver& driver, const std::string& path) {
  try {
    const auto text = driver.get(path, kMaxLinkBytes);
    // What is no file there, as a directory, is no link, and not nothing either.
    if (!text && !driver.stat(path)) return {};
    auto digest = oci::Digest::parse(text.value_or(""));
    if (digest && digest->algorithm() == oci::Algorithm::sha256) {
      return {Link::State::whole, std::move(digest)};
    }
    base::log::warn("a damaged link", {{"path", path}});
  } catch (const std::system_error& error) {
    base::log::warn("a link cannot be read", {{"err", error.what()}});
  }
  return {Link::State::damaged, std::nullopt};
}

std::array<std::string, 2> links_of_name(const oci::RepositoryName& name,
                                         const oci::Digest& sha512) {
  return {storage::paths::layer_link(name, sha512), storage::paths::manifest_alias(name, sha512)};
}

bool may_exist(storage::Driver& driver, const std::string& path) {
  try {
    return driver.stat(path).has_value();
  } catch (const std::system_error& error) {
    base::log::warn("cannot look at a file", {{"err", error.what()}});
    return true;
  }
}

bool exists(storage::Folder& folder, const std::string& path) noexcept {
  try {
    return folder.stat(path).has_value();
  } catch (const std::exception&) {
    return false;
  }
}

namespace {

// Whether a directory is not there because something else is in its place, or in a parent's: then
// nobody knows what was in it.
bool is_obstructed(storage::Driver& driver, std::string path) {
  for (;;) {
    if (const auto status = driver.stat(path)) return !status->is_directory;
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return false;
    path.resize(slash);
  }
}

// Calls `read`, which returns false where the directory is absent. False: it cannot be read.
bool try_to_read(storage::Driver& driver, const std::string& path,
                 const std::function<bool()>& read) {
  try {
    if (read() || !is_obstructed(driver, path)) return true;
    base::log::warn("something else is in the place of a folder", {{"path", path}});
  } catch (const std::system_error& error) {
    base::log::warn("a folder cannot be read", {{"err", error.what()}});
  }
  return false;
}

// In one go, however many there are: each costs but its bytes.
template <std::size_t size>
bool for_some_packed(storage::Driver& driver, const std::string& path,
                     const std::function<void(std::span<const oci::Digest>)>& visit) {
  std::vector<PackedDigest<size>> packed;
  const auto add = [&](const storage::Entry& entry) {
    if (!entry.is_directory) return true;
    if (const auto digest = pack<size>(entry.name)) packed.push_back(*digest);
    return true;
  };
  const bool readable = try_to_read(driver, path, [&] { return driver.visit(path, add); });
  std::ranges::sort(packed);
  constexpr std::size_t kChunk = 1000;
  std::vector<oci::Digest> some;
  for (const auto& digest : packed) {
    some.push_back(unpack(digest));
    if (some.size() < kChunk) continue;
    visit(some);
    some.clear();
  }
  if (!some.empty()) visit(some);
  return readable;
}

}  // namespace

bool for_each_entry(storage::Driver& driver, const std::string& path,
                    const std::function<void(const storage::Entry&)>& visit) {
  constexpr std::size_t kChunk = 10'000;  // for each of which the whole directory is read
  std::string last;
  for (;;) {
    std::optional<std::vector<storage::Entry>> entries;
    const bool readable = try_to_read(driver, path, [&] {
      entries = driver.list(path, last, kChunk);
      return entries.has_value();
    });
    if (!readable) return false;
    if (!entries) return true;
    for (const auto& entry : *entries) visit(entry);
    if (entries->size() < kChunk) return true;
    last = entries->back().name;
  }
}

bool for_each_directory(storage::Driver& driver, const std::string& path,
                        const std::function<void(const std::string&)>& visit) {
  return for_each_entry(driver, path, [&](const storage::Entry& entry) {
    if (entry.is_directory) visit(entry.name);
  });
}

bool for_some_digests(storage::Driver& driver, const std::string& path, oci::Algorithm algorithm,
                      const std::function<void(std::span<const oci::Digest>)>& visit) {
  return algorithm == oci::Algorithm::sha256 ? for_some_packed<32>(driver, path, visit)
                                             : for_some_packed<64>(driver, path, visit);
}

bool for_each_digest(storage::Driver& driver, const std::string& path, oci::Algorithm algorithm,
                     const std::function<void(const oci::Digest&)>& visit) {
  return for_some_digests(driver, path, algorithm, [&](std::span<const oci::Digest> digests) {
    for (const auto& digest : digests) visit(digest);
  });
}

}  // namespace registry::maintenance
