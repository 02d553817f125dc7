#pragma once

#include <string>

#include "registry/oci/manifest.hpp"

// Parts that the tests put manifests together from.
namespace registry::oci::texts {

inline std::string digest(char digit) {
  return "sha256:" + std::string(64, digit);
}

// `more`: further fields, beginning with a comma.
inline std::string descriptor(char digit, const std::string& more = "") {
  return R"({"mediaType":"application/octet-stream","size":7,"digest":")" + digest(digit) + '"' +
         more + '}';
}

inline std::string media_type(MediaType type) {
  return R"("mediaType":")" + std::string(to_string(type)) + '"';
}

inline std::string manifest_with(const std::string& fields) {
  return R"({"schemaVersion":2,"config":)" + descriptor('a') + R"(,"layers":[)" + descriptor('b') +
         ',' + descriptor('c') + "]" + fields + '}';
}

inline std::string index_with(const std::string& fields) {
  return R"({"schemaVersion":2,"manifests":[)" + descriptor('d') + ',' + descriptor('e') + "]" +
         fields + '}';
}

// An OCI manifest whose config is this.
inline std::string manifest_with_config(const std::string& config) {
  return R"({"schemaVersion":2,"layers":[],"config":)" + config + '}';
}

}  // namespace registry::oci::texts
