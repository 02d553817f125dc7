#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "parse.hpp"
#include "registry/oci/manifest.hpp"

namespace registry::oci {
namespace {

constexpr std::array kMediaTypes = {
    std::pair(MediaType::docker_manifest, "application/vnd.docker.distribution.manifest.v2+json"),
    std::pair(MediaType::docker_list, "application/vnd.docker.distribution.manifest.list.v2+json"),
    std::pair(MediaType::oci_manifest, "application/vnd.oci.image.manifest.v1+json"),
    std::pair(MediaType::oci_index, "application/vnd.oci.image.index.v1+json"),
};
constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";

// Looks at the outermost object alone, and stops where it has seen enough.
class Sniffer : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::string media_type;

  // Schema 1 is told by its version, as in 2.8: a later one may have fields of any name.
  bool is_schema1() const { return schema_version_ == 1 && has_signatures_; }
  // Without a config it was accepted as an index, which need not have manifests. Either may say
  // `"manifests": null`.
  bool is_index() const { return has_manifests_ || (schema_version_ == 2 && !has_config_); }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ == 1 && key_ == "schemaVersion") schema_version_ = value;
    return true;
  }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool string(string_t& value) override {
    if (depth_ == 1 && key_ == "mediaType") media_type = value;
    return media_type.empty();
  }
  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    has_signatures_ |= name == "signatures" || name == "fsLayers";
    key_ = std::move(name);
    return true;
  }
  bool start_object(std::size_t) override {
    has_config_ |= depth_ == 1 && key_ == "config";
    return ++depth_ > 0;
  }
  bool start_array(std::size_t) override {
    has_manifests_ |= depth_ == 1 && key_ == "manifests";
    return ++depth_ > 0;
  }
  bool end_object() override { return --depth_ >= 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  int depth_ = 0;
  std::string key_;  // of the outermost object
  std::uint64_t schema_version_ = 0;
  bool has_config_ = false, has_manifests_ = false, has_signatures_ = false;
};

// It goes into a header.
bool is_printable(std::string_view text) {
  return text.size() <= 255 &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::string_view to_string(MediaType type) {
  return kMediaTypes.at(static_cast<std::size_t>(type)).second;
}

std::optional<MediaType> parse_media_type(std::string_view text) {
  for (const auto& [type, name] : kMediaTypes) {
    if (text == name) return type;
  }
  return std::nullopt;
}

bool is_index(MediaType type) {
  return type == MediaType::docker_list || type == MediaType::oci_index;
}

std::string stored_media_type(std::string_view content) {
  Sniffer sniffer;
  parse_in_turn(content, sniffer);
  if (!sniffer.media_type.empty() && is_printable(sniffer.media_type)) return sniffer.media_type;
  if (sniffer.is_schema1()) return std::string(kSchema1);
  return std::string(
      to_string(sniffer.is_index() ? MediaType::oci_index : MediaType::oci_manifest));
}

}  // namespace registry::oci
