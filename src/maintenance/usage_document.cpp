#include <algorithm>
#include <functional>

#include "registry/maintenance/usage.hpp"

namespace registry::maintenance {
namespace {

// Put together as text, as a tree of JSON would cost many times its bytes. A name of a repository
// has no character that JSON escapes.

std::string number(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "null";
}

std::string pair(const char* key, const std::string& value) {
  return '"' + std::string(key) + "\": " + value;
}

std::string flag(bool value) {
  return value ? "true" : "false";
}

std::string uploads(std::size_t count, std::uint64_t bytes) {
  return "{" + pair("count", number(count)) + ", " + pair("bytes", number(bytes)) + '}';
}

std::string store(const Usage& usage) {
  const auto reclaimable = usage.is_complete ? std::optional(usage.reclaimable) : std::nullopt;
  return "{\n    " + pair("repositories", number(usage.repositories)) + ",\n    " +
         pair("tags", number(usage.tags)) + ",\n    " + pair("manifests", number(usage.manifests)) +
         ",\n    " + pair("blobs", number(usage.blobs)) + ",\n    " +
         pair("bytes", number(usage.bytes)) + ",\n    " + pair("reclaimable", number(reclaimable)) +
         "\n  }";
}

std::string volume_of(const content::Fullness& volume) {
  return "{\n    " + pair("limit", number(volume.limit)) + ",\n    " +
         pair("used", number(volume.used)) + ",\n    " + pair("free", number(volume.free)) +
         "\n  }";
}

std::string largest(const Usage& usage, std::size_t most) {
  std::vector<const RepositoryUsage*> all;
  for (const auto& one : usage.of_each) all.push_back(&one);
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::ranges::partial_sort(all, end, [](const auto* one, const auto* other) {
    return std::tie(other->bytes, one->name) < std::tie(one->bytes, other->name);
  });
  std::string list;
  for (auto at = all.begin(); at != end; ++at) {
    list +=
        (list.empty() ? "\n    " : ",\n    ") + usage_object((*at)->name, *at, usage.is_complete);
  }
  return list.empty() ? "[]" : '[' + list + "\n  ]";
}

}  // namespace

std::string usage_object(std::string_view name, const RepositoryUsage* usage, bool is_complete) {
  std::string object = "{\"name\": \"";
  object.append(name).append("\"");
  const auto add = [&](const char* key, auto value_of, bool is_known) {
    const auto value = usage != nullptr && is_known
                           ? std::optional<std::uint64_t>(std::invoke(value_of, *usage))
                           : std::nullopt;
    object += ", " + pair(key, number(value));
  };
  const auto shared = [](const RepositoryUsage& one) { return one.bytes - one.unique; };
  add("tags", &RepositoryUsage::tags, true);
  add("manifests", &RepositoryUsage::manifests, true);
  add("bytes", &RepositoryUsage::bytes, true);
  add("unique", &RepositoryUsage::unique, is_complete);
  add("shared", shared, is_complete);
  add("reclaimable", &RepositoryUsage::reclaimable, is_complete);
  object += ", " + pair("uploads",
                        usage != nullptr ? uploads(usage->uploads, usage->upload_bytes) : "null");
  add("damaged", &RepositoryUsage::damaged, true);
  return object += '}';
}

std::string usage_document(const Usage* usage, const std::optional<content::Fullness>& volume,
                           std::size_t most) {
  const bool is_known = usage != nullptr;
  const auto taken = is_known ? '"' + base::rfc3339_seconds(usage->taken) + '"' : "null";
  const auto under_way = is_known ? uploads(usage->uploads, usage->upload_bytes) : "null";
  return "{\n  " + pair("taken", taken) + ",\n  " +
         pair("complete", flag(is_known && usage->is_complete)) + ",\n  " +
         pair("damaged", is_known ? number(usage->damaged) : "null") + ",\n  " +
         pair("store", is_known ? store(*usage) : "null") + ",\n  " + pair("uploads", under_way) +
         ",\n  " + pair("volume", volume ? volume_of(*volume) : "null") + ",\n  " +
         pair("largest", is_known ? largest(*usage, most) : "[]") + "\n}\n";
}

}  // namespace registry::maintenance
