#include "links.hpp"

#include <system_error>

#include "registry/base/log.hpp"

namespace registry::maintenance {

Link look_at_link(storage::Driver& driver, const std::string& path) {
  constexpr std::size_t kMaxBytes = 4096;
  try {
    const auto text = driver.get(path, kMaxBytes);
    if (!text) return {};
    auto digest = oci::Digest::parse(*text);
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

bool for_each_directory(storage::Driver& driver, const std::string& path,
                        const std::function<void(const std::string&)>& visit) {
  constexpr std::size_t kChunk = 1000;
  std::string last;
  for (;;) {
    std::optional<std::vector<storage::Entry>> entries;
    try {
      entries = driver.list(path, last, kChunk);
    } catch (const std::system_error& error) {
      base::log::warn("a folder cannot be read", {{"err", error.what()}});
      return false;
    }
    if (!entries || entries->empty()) return true;
    for (const auto& entry : *entries) {
      if (entry.is_directory) visit(entry.name);
    }
    last = entries->back().name;
  }
}

bool for_each_digest(storage::Driver& driver, const std::string& path, oci::Algorithm algorithm,
                     const std::function<void(const oci::Digest&)>& visit) {
  const auto prefix = std::string(oci::to_string(algorithm)) + ':';
  return for_each_directory(driver, path, [&](const std::string& name) {
    if (const auto digest = oci::Digest::parse(prefix + name)) visit(*digest);
  });
}

}  // namespace registry::maintenance
