#include <array>
#include <nlohmann/json.hpp>

#include "manifest_reader.hpp"
#include "parse.hpp"
#include "registry/oci/manifest.hpp"

namespace registry::oci {
namespace {

// Of BuildKit's cache: in a manifest that of its config, in an index that of one of its children.
constexpr std::string_view kBuildCache = "application/vnd.buildkit.cacheconfig.v0";

// Follows the outermost object alone; of what is below it, the descriptors of the fields that hold
// some.
class DocumentReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::string media_type, artifact_type, config_media_type;
  std::vector<std::pair<std::string, std::string>> annotations;
  std::optional<Digest> subject;
  std::vector<Digest> configs, layers, manifests;
  bool is_build_cache = false;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t& name) override {
    if (depth_ == 1) field_ = folded(name);
    key_ = std::move(name);
    return true;
  }
  bool string(string_t& value) override {
    if (depth_ == 1) {
      take_own(value);
    } else if (depth_ == 2 && field_ == "annotations") {
      constexpr std::size_t kMost = 10'000;  // as many as are accepted; 2.8 accepts more
      if (annotations.size() < kMost) annotations.emplace_back(key_, std::move(value));
    } else if (depth_ <= 3) {
      take_of_descriptor(value);
    }
    return true;
  }
  bool start_object(std::size_t) override { return ++depth_ > 0; }
  bool start_array(std::size_t) override { return ++depth_ > 0; }
  bool end_object() override { return --depth_ >= 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  void take_own(string_t& value) {
    if (field_ == "mediatype") media_type = std::move(value);
    if (field_ == "artifacttype") artifact_type = std::move(value);
  }

  // An object is a level, as is the array around it.
  void take_of_descriptor(string_t& value) {
    const auto name = folded(key_);
    const bool is_single = depth_ == 2, is_listed = depth_ == 3;
    if (is_single && field_ == "config" && name == "mediatype") config_media_type = value;
    if (name == "mediatype" && value == kBuildCache) is_build_cache = true;
    if (name != "digest" && name != "blobsum") return;
    const auto digest = Digest::parse(value);
    if (!digest) return;
    if (is_single && field_ == "config") configs.push_back(*digest);
    if (is_single && field_ == "subject") subject = digest;
    // Schema 1, which older versions of 2.x have stored, has its layers in fsLayers.
    if (is_listed && (field_ == "layers" || field_ == "fslayers")) layers.push_back(*digest);
    if (is_listed && field_ == "manifests") manifests.push_back(*digest);
  }

  int depth_ = 0;
  std::string field_;  // of the outermost object, folded
  std::string key_;
};

}  // namespace

StoredDocument read_stored(std::string_view content) {
  DocumentReader read;
  StoredDocument document;
  document.is_whole = parse_in_turn(content, read) && !content.empty();
  document.media_type = stored_media_type(content);
  document.artifact_type = read.artifact_type.empty() ? std::move(read.config_media_type)
                                                      : std::move(read.artifact_type);
  document.annotations = std::move(read.annotations);
  document.subject = std::move(read.subject);
  document.is_build_cache = read.is_build_cache;
  document.references = std::move(read.configs);
  for (auto* more : {&read.layers, &read.manifests}) {
    document.references.insert(document.references.end(), more->begin(), more->end());
  }
  return document;
}

}  // namespace registry::oci
