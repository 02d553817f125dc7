#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "registry/oci/manifest.hpp"

namespace registry::oci {

// What a field, or an element of an array, may hold; `null` counts as absent everywhere, as in Go.
enum class Shape {
  anything,
  integer,
  string,
  string_list,
  string_map,
  descriptor,
  descriptor_list,
  platform,
};

struct Field {
  std::string_view name;
  Shape shape;
};

// The events of nlohmann's SAX parser, turned into a Manifest. Any callback that returns false has
// set `reason`, which names the field at fault.
class ManifestReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  // Of the outermost object, in the order of kRootFields.
  enum Root : std::size_t {
    schema_version,
    media_type,
    artifact_type,
    config,
    layers,
    manifests,
    subject,
    annotations
  };

  std::string reason;
  std::int64_t schema_version_value = 0;
  std::string media_type_value, config_media_type_value;
  std::vector<Descriptor> config_value, layers_value, manifests_value, subject_value;

  bool has(Root field) const { return (present_fields_ & 1U << field) != 0; }

  bool null() override;
  bool boolean(bool value) override;
  bool number_integer(number_integer_t value) override;
  bool number_unsigned(number_unsigned_t value) override;
  bool number_float(number_float_t value, const string_t& text) override;
  bool string(string_t& value) override;
  bool binary(binary_t& value) override;
  bool key(string_t& name) override;
  bool start_object(std::size_t elements) override;
  bool end_object() override;
  bool start_array(std::size_t elements) override;
  bool end_array() override;
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception& error) override;

 private:
  enum class Place {
    root,
    descriptor,
    platform,
    string_list,
    string_map,
    descriptor_list,
    skipped
  };

  // One object or array that is open.
  struct Frame {
    Place place;
    Shape next = Shape::anything;  // of the value that comes
    const Field* field = nullptr;  // of the value that comes, in an object that is known
    unsigned seen = 0;             // bits of the fields that came
  };

  bool fail(const std::string& what);
  std::string path() const;
  Shape expected() const;
  bool expect(Shape shape, const char* got);
  bool open(Place place);
  bool close();
  bool take_integer(std::int64_t value);
  bool take_string(string_t& value);
  void begin_descriptor();
  bool finish_descriptor();
  std::vector<Descriptor>& destination();

  std::vector<Frame> frames_;
  unsigned present_fields_ = 0, null_fields_ = 0;
  std::size_t annotations_ = 0;

  // The descriptor that is open: one at a time, as none holds another.
  std::string digest_, descriptor_media_type_, os_, architecture_;
  std::int64_t size_ = -1;
  std::vector<std::string> urls_;
};

// As Go's encoding/json compares names: ASCII case, and the two letters beyond ASCII that fold
// into it (the long s and the Kelvin sign).
std::string folded(std::string_view name);

}  // namespace registry::oci
