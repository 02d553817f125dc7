#include "manifest_reader.hpp"

#include <algorithm>
#include <limits>
#include <span>

#include "registry/oci/error.hpp"

namespace registry::oci {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxReferences = 10'000;  // far more than any image, and a bound on memory
constexpr std::size_t kMaxUrls = 64, kMaxAnnotations = 10'000;  // likewise

constexpr std::array kRootFields = {
    Field{"schemaVersion", Shape::integer},  Field{"mediaType", Shape::string},
    Field{"artifactType", Shape::string},    Field{"config", Shape::descriptor},
    Field{"layers", Shape::descriptor_list}, Field{"manifests", Shape::descriptor_list},
    Field{"subject", Shape::descriptor},     Field{"annotations", Shape::string_map},
};
constexpr std::array kDescriptorFields = {
    Field{"mediaType", Shape::string},       Field{"digest", Shape::string},
    Field{"size", Shape::integer},           Field{"urls", Shape::string_list},
    Field{"annotations", Shape::string_map}, Field{"platform", Shape::platform},
    Field{"artifactType", Shape::string},    Field{"data", Shape::string},
};
constexpr std::array kPlatformFields = {
    Field{"architecture", Shape::string}, Field{"os", Shape::string},
    Field{"os.version", Shape::string},   Field{"os.features", Shape::string_list},
    Field{"variant", Shape::string},      Field{"features", Shape::string_list},
};

const char* to_text(Shape shape) {
  switch (shape) {
    case Shape::integer:
      return "a whole number below 2^63";
    case Shape::string:
      return "a string";
    case Shape::string_list:
      return "an array of strings";
    case Shape::string_map:
      return "an object of strings";
    case Shape::descriptor:
      return "a descriptor (an object)";
    case Shape::descriptor_list:
      return "an array of descriptors";
    case Shape::platform:
      return "an object";
    case Shape::anything:
      break;
  }
  return "anything";
}

}  // namespace

std::string folded(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name.substr(i, 2) == "\xc5\xbf") {
      out += 's';
      i += 1;
    } else if (name.substr(i, 3) == "\xe2\x84\xaa") {
      out += 'k';
      i += 2;
    } else {
      out += static_cast<char>(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    }
  }
  return out;
}

bool ManifestReader::fail(const std::string& what) {
  const auto where = path();
  reason = where.empty() ? what : where + ": " + what;
  return false;
}

std::string ManifestReader::path() const {
  std::string text;
  for (const auto& frame : frames_) {
    if (frame.field == nullptr) continue;
    if (!text.empty()) text += '.';
    text += frame.field->name;
  }
  return text;
}

Shape ManifestReader::expected() const {
  return frames_.empty() ? Shape::descriptor : frames_.back().next;
}

bool ManifestReader::expect(Shape shape, const char* got) {
  if (frames_.empty()) return fail("a manifest is a JSON object");
  const auto wanted = expected();
  if (wanted == shape || wanted == Shape::anything) return true;
  return fail(std::string("must be ") + to_text(wanted) + ", not " + got);
}

bool ManifestReader::null() {
  if (frames_.empty()) return fail("a manifest is a JSON object, not null");
  const auto& frame = frames_.back();
  if (frame.place == Place::descriptor_list || frame.place == Place::string_list) {
    return fail("must not hold null");
  }
  if (frame.place == Place::root && frame.field != nullptr) {
    null_fields_ |= 1U << (frame.field - kRootFields.data());
  }
  return true;
}

bool ManifestReader::boolean(bool) {
  return expect(Shape::anything, "a truth value");
}
bool ManifestReader::binary(binary_t&) {
  return expect(Shape::anything, "bytes");
}
bool ManifestReader::number_float(number_float_t, const string_t& text) {
  return expect(Shape::anything, text.c_str());
}

bool ManifestReader::number_integer(number_integer_t value) {
  return take_integer(value);
}

bool ManifestReader::number_unsigned(number_unsigned_t value) {
  if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
    return expect(Shape::anything, "a larger one");
  }
  return take_integer(static_cast<std::int64_t>(value));
}

bool ManifestReader::take_integer(std::int64_t value) {
  if (!expect(Shape::integer, "a number")) return false;
  const auto& frame = frames_.back();
  if (frame.place == Place::root && frame.field != nullptr) schema_version_value = value;
  if (frame.place == Place::descriptor && frame.field != nullptr) {
    if (value < 0) return fail("must not be negative");
    size_ = value;
  }
  return true;
}

bool ManifestReader::string(string_t& value) {
  return expect(Shape::string, "a string") && take_string(value);
}

bool ManifestReader::take_string(string_t& value) {
  const auto& frame = frames_.back();
  if (frame.place == Place::string_list && frames_.size() > 1) {
    const auto* list = frames_[frames_.size() - 2].field;
    if (list != nullptr && list->name == "urls") urls_.push_back(std::move(value));
    return urls_.size() <= kMaxUrls || fail("has more than " + std::to_string(kMaxUrls) + " URLs");
  }
  if (frame.field == nullptr) return true;
  const auto name = frame.field->name;
  if (frame.place == Place::root && name == "mediaType") {
    media_type_value = value;
  } else if (frame.place == Place::descriptor && name == "digest") {
    digest_ = value;
  } else if (frame.place == Place::descriptor && name == "mediaType") {
    descriptor_media_type_ = value;
  } else if (frame.place == Place::platform && name == "os") {
    os_ = value;
  } else if (frame.place == Place::platform && name == "architecture") {
    architecture_ = value;
  }
  return true;
}

bool ManifestReader::key(string_t& name) {
  auto& frame = frames_.back();
  if (frame.place == Place::skipped) return true;
  if (frame.place == Place::string_map) {
    return ++annotations_ <= kMaxAnnotations ||
           fail("has more than " + std::to_string(kMaxAnnotations) + " annotations in all");
  }
  std::span<const Field> fields = kRootFields;
  if (frame.place == Place::descriptor) fields = kDescriptorFields;
  if (frame.place == Place::platform) fields = kPlatformFields;
  frame.field = nullptr;
  frame.next = Shape::anything;
  for (const auto& field : fields) {
    if (name != field.name) {
      if (folded(name) != folded(field.name)) continue;
      return fail("the field " + name + " must be spelled " + std::string(field.name));
    }
    const auto bit = 1U << (&field - fields.data());
    frame.field = &field;
    frame.next = field.shape;
    if ((frame.seen & bit) != 0) return fail("is there twice");
    frame.seen |= bit;
  }
  return true;
}

bool ManifestReader::open(Place place) {
  if (frames_.size() == kMaxDepth) return fail("is nested too deeply");
  Frame frame{place};
  if (place == Place::string_list || place == Place::string_map) frame.next = Shape::string;
  if (place == Place::descriptor_list) frame.next = Shape::descriptor;
  frames_.push_back(frame);
  return true;
}

bool ManifestReader::close() {
  if (frames_.size() == 1) present_fields_ = frames_.back().seen & ~null_fields_;
  frames_.pop_back();
  return true;
}

void ManifestReader::begin_descriptor() {
  digest_.clear();
  descriptor_media_type_.clear();
  os_.clear();
  architecture_.clear();
  urls_.clear();
  size_ = -1;
}

bool ManifestReader::start_object(std::size_t) {
  if (frames_.empty()) return open(Place::root);
  switch (expected()) {
    case Shape::anything:
      return open(Place::skipped);
    case Shape::platform:
      return open(Place::platform);
    case Shape::string_map:
      return open(Place::string_map);
    case Shape::descriptor:
      begin_descriptor();
      return open(Place::descriptor);
    default:
      return expect(Shape::anything, "an object");
  }
}

bool ManifestReader::end_object() {
  if (frames_.back().place == Place::descriptor && !finish_descriptor()) return false;
  return close();
}

bool ManifestReader::start_array(std::size_t) {
  if (frames_.empty()) return fail("a manifest is a JSON object, not an array");
  switch (expected()) {
    case Shape::anything:
      return open(Place::skipped);
    case Shape::string_list:
      return open(Place::string_list);
    case Shape::descriptor_list:
      return open(Place::descriptor_list);
    default:
      return expect(Shape::anything, "an array");
  }
}

bool ManifestReader::end_array() {
  return close();
}

bool ManifestReader::parse_error(std::size_t position, const std::string&,
                                 const nlohmann::json::exception&) {
  reason = "is not JSON: error at byte " + std::to_string(position);
  return false;
}

std::vector<Descriptor>& ManifestReader::destination() {
  const auto* field = frames_.front().field;
  if (field == &kRootFields[config]) return config_value;
  if (field == &kRootFields[layers]) return layers_value;
  if (field == &kRootFields[manifests]) return manifests_value;
  return subject_value;
}

bool ManifestReader::finish_descriptor() {
  frames_.back().field = nullptr;  // what is wrong from here on is wrong with the whole descriptor
  const auto digest = Digest::parse(digest_);
  if (!digest) return fail("\"" + digest_.substr(0, 200) + "\" is not a sha256 or sha512 digest");
  if (size_ < 0) return fail("the descriptor of " + digest->str() + " has no size");
  if (destination().size() == kMaxReferences) {
    return fail("names more than " + std::to_string(kMaxReferences) + " others");
  }
  if (&destination() == &config_value) config_media_type_value = descriptor_media_type_;
  auto platform = os_.empty() && architecture_.empty() ? "" : os_ + '/' + architecture_;
  destination().push_back(
      {*digest, static_cast<std::uint64_t>(size_), std::move(urls_), std::move(platform)});
  return true;
}

}  // namespace registry::oci
