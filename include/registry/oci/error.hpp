#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace registry::oci {

// What a client may have done wrong. The order is that of the table in error.cpp, which has the
// code, the status and the message of each (spec "Error Codes" code-1..14, CONTRACT 3).
enum class ErrorCode {
  blob_unknown,
  blob_upload_invalid,       // the URL of the upload is not one that this registry gave
  blob_upload_out_of_order,  // 416: a chunk that does not start where the upload ends
  blob_upload_in_use,        // 409: another request is writing to the upload
  blob_upload_unknown,
  denied,  // 403
  digest_invalid,
  manifest_blob_unknown,
  manifest_invalid,
  manifest_too_large,   // 413 (spec "Pushing Manifests")
  precondition_failed,  // 412 (RFC 9110 13.1)
  manifest_unknown,
  name_invalid,
  name_unknown,
  size_invalid,
  tag_invalid,
  too_many_tags,  // 414 (spec end-7b)
  unsupported,
  read_only,
  pagination_number_invalid,
  storage_full,  // 507, until the specification has a code for it
  unavailable,   // 503: for the moment
  unknown,       // 500: our fault
};

struct ErrorRow {
  ErrorCode code;
  std::string_view name;
  unsigned status;
  std::string_view message;
};

const ErrorRow& row_of(ErrorCode code);

// A client's fault: becomes an answer in one place (api) and leaves nothing behind.
class Error : public std::runtime_error {
 public:
  // `detail`: what was wrong and what to do about it, as a sentence or the value at fault.
  Error(ErrorCode code, nlohmann::json detail)
      : std::runtime_error(std::string(row_of(code).name)),
        code_(code),
        detail_(std::move(detail)) {}

  ErrorCode code() const { return code_; }
  unsigned status() const { return row_of(code_).status; }
  const nlohmann::json& detail() const { return detail_; }

 private:
  ErrorCode code_;
  nlohmann::json detail_;
};

// Several of a kind in one answer: every blob that a manifest misses.
class ErrorList : public std::runtime_error {
 public:
  ErrorList(ErrorCode code, std::vector<std::string> details)
      : std::runtime_error(std::string(row_of(code).name)),
        code_(code),
        details_(std::move(details)) {}

  ErrorCode code() const { return code_; }
  unsigned status() const { return row_of(code_).status; }
  const std::vector<std::string>& details() const { return details_; }

 private:
  ErrorCode code_;
  std::vector<std::string> details_;
};

// The error document: {"errors":[{"code","message","detail"}, …]} and a line end, as 2.8 has it.
std::string document(const Error& error);
std::string document(const ErrorList& errors);

// JSON as 2.8 writes it: < > and & escaped, so that no browser takes it for markup.
std::string dump_json(const nlohmann::json& value);

}  // namespace registry::oci
