#include "links.hpp"

#include <system_error>

#include "registry/base/log.hpp"

namespace registry::maintenance {

Link look_at_link(storage::Driver& driver, const std::string& path) {
  constexpr std::size_t kMaxBytes = 4096;
  try {
    const auto text = driver.get(path, kMaxBytes);
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

bool may_exist(storage::Driver& driver, const std::string& path) {
  try {
    return driver.stat(path).has_value();
  } catch (const std::system_error& error) {
    base::log::warn("cannot look at a file", {{"err", error.what()}});
    return true;
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

}  // namespace

bool for_each_entry(storage::Driver& driver, const std::string& path,
                    const std::function<void(const storage::Entry&)>& visit) {
  constexpr std::size_t kChunk = 1000;
  std::string last;
  for (;;) {
    std::optional<std::vector<storage::Entry>> entries;
    try {
      entries = driver.list(path, last, kChunk);
      if (!entries && is_obstructed(driver, path)) {
        base::log::warn("something else is in the place of a folder", {{"path", path}});
        return false;
      }
    } catch (const std::system_error& error) {
      base::log::warn("a folder cannot be read", {{"err", error.what()}});
      return false;
    }
    if (!entries || entries->empty()) return true;
    for (const auto& entry : *entries) visit(entry);
    last = entries->back().name;
  }
}

bool for_each_directory(storage::Driver& driver, const std::string& path,
                        const std::function<void(const std::string&)>& visit) {
  return for_each_entry(driver, path, [&](const storage::Entry& entry) {
    if (entry.is_directory) visit(entry.name);
  });
}

bool for_each_digest(storage::Driver& driver, const std::string& path, oci::Algorithm algorithm,
                     const std::function<void(const oci::Digest&)>& visit) {
  const auto prefix = std::string(oci::to_string(algorithm)) + ':';
  return for_each_directory(driver, path, [&](const std::string& name) {
    if (const auto digest = oci::Digest::parse(prefix + name)) visit(*digest);
  });
}

}  // namespace registry::maintenance
