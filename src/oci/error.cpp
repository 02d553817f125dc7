#include "registry/oci/error.hpp"

#include <array>

namespace registry::oci {
namespace {

constexpr std::array kRows = {
    ErrorRow{ErrorCode::blob_unknown, "BLOB_UNKNOWN", 404, "blob unknown to registry"},
    ErrorRow{ErrorCode::blob_upload_invalid, "BLOB_UPLOAD_INVALID", 404, "blob upload invalid"},
    ErrorRow{ErrorCode::blob_upload_out_of_order, "BLOB_UPLOAD_INVALID", 416,
             "blob upload invalid"},
    ErrorRow{ErrorCode::blob_upload_in_use, "BLOB_UPLOAD_INVALID", 409, "blob upload invalid"},
    ErrorRow{ErrorCode::blob_upload_unknown, "BLOB_UPLOAD_UNKNOWN", 404,
             "blob upload unknown to registry"},
    ErrorRow{ErrorCode::denied, "DENIED", 403, "requested access to the resource is denied"},
    ErrorRow{ErrorCode::digest_invalid, "DIGEST_INVALID", 400,
             "provided digest did not match uploaded content"},
    ErrorRow{ErrorCode::manifest_blob_unknown, "MANIFEST_BLOB_UNKNOWN", 400,
             "blob unknown to registry"},
    ErrorRow{ErrorCode::manifest_invalid, "MANIFEST_INVALID", 400, "manifest invalid"},
    ErrorRow{ErrorCode::manifest_too_large, "MANIFEST_INVALID", 413, "manifest invalid"},
    ErrorRow{ErrorCode::precondition_failed, "DENIED", 412,
             "a condition of the request does not hold"},
    ErrorRow{ErrorCode::manifest_unknown, "MANIFEST_UNKNOWN", 404, "manifest unknown"},
    ErrorRow{ErrorCode::name_invalid, "NAME_INVALID", 400, "invalid repository name"},
    ErrorRow{ErrorCode::name_unknown, "NAME_UNKNOWN", 404, "repository name not known to registry"},
    ErrorRow{ErrorCode::size_invalid, "SIZE_INVALID", 400,
             "provided length did not match content length"},
    ErrorRow{ErrorCode::tag_invalid, "TAG_INVALID", 400, "manifest tag did not match URI"},
    ErrorRow{ErrorCode::too_many_tags, "TAG_INVALID", 414, "too many tags in one request"},
    ErrorRow{ErrorCode::unsupported, "UNSUPPORTED", 405, "The operation is unsupported."},
    ErrorRow{ErrorCode::read_only, "UNSUPPORTED", 405, "the registry is read-only"},
    ErrorRow{ErrorCode::pagination_number_invalid, "PAGINATION_NUMBER_INVALID", 400,
             "invalid number of results requested"},
    ErrorRow{ErrorCode::storage_full, "DENIED", 507,
             "the registry's storage is full: delete images and collect garbage, or enlarge it"},
    ErrorRow{ErrorCode::unavailable, "UNAVAILABLE", 503, "service unavailable"},
    ErrorRow{ErrorCode::unknown, "UNKNOWN", 500, "unknown error"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].code != static_cast<ErrorCode>(i)) return false;
  }
  return kRows.size() == static_cast<std::size_t>(ErrorCode::unknown) + 1;
}
static_assert(in_order(), "the rows stand in the order of ErrorCode");

constexpr auto kReplace = nlohmann::json::error_handler_t::replace;  // of bytes that are not UTF-8

std::string escape_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else {
      out += c;
    }
  }
  return out;
}

nlohmann::ordered_json to_json(ErrorCode code, const nlohmann::json& detail) {
  const auto& row = row_of(code);
  nlohmann::ordered_json error = {{"code", row.name}, {"message", row.message}};
  if (!detail.is_null()) error["detail"] = detail;
  return error;
}

std::string to_document(nlohmann::ordered_json errors) {
  nlohmann::ordered_json document;
  document["errors"] = std::move(errors);
  return escape_markup(document.dump(-1, ' ', false, kReplace)) + '\n';
}

}  // namespace

const ErrorRow& row_of(ErrorCode code) {
  return kRows.at(static_cast<std::size_t>(code));
}

std::string document(const Error& error) {
  return to_document(nlohmann::ordered_json::array({to_json(error.code(), error.detail())}));
}

std::string document(const ErrorList& errors) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& detail : errors.details()) list.push_back(to_json(errors.code(), detail));
  return to_document(std::move(list));
}

std::string dump_json(const nlohmann::json& value) {
  return escape_markup(value.dump(-1, ' ', false, kReplace));
}

}  // namespace registry::oci
