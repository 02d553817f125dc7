#include "registry/oci/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace registry::oci {
namespace {

TEST(ErrorTable, HasCodeStatusAndMessageOfEach) {
  const std::vector<ErrorRow> wanted = {
      {ErrorCode::blob_unknown, "BLOB_UNKNOWN", 404, "blob unknown to registry"},
      {ErrorCode::blob_upload_invalid, "BLOB_UPLOAD_INVALID", 404, "blob upload invalid"},
      {ErrorCode::blob_upload_out_of_order, "BLOB_UPLOAD_INVALID", 416, "blob upload invalid"},
      {ErrorCode::blob_upload_in_use, "BLOB_UPLOAD_INVALID", 409, "blob upload invalid"},
      {ErrorCode::blob_upload_unknown, "BLOB_UPLOAD_UNKNOWN", 404,
       "blob upload unknown to registry"},
      {ErrorCode::denied, "DENIED", 403, "requested access to the resource is denied"},
      {ErrorCode::digest_invalid, "DIGEST_INVALID", 400,
       "provided digest did not match uploaded content"},
      {ErrorCode::manifest_blob_unknown, "MANIFEST_BLOB_UNKNOWN", 400, "blob unknown to registry"},
      {ErrorCode::manifest_invalid, "MANIFEST_INVALID", 400, "manifest invalid"},
      {ErrorCode::manifest_too_large, "MANIFEST_INVALID", 413, "manifest invalid"},
      {ErrorCode::precondition_failed, "DENIED", 412, "a condition of the request does not hold"},
      {ErrorCode::manifest_unknown, "MANIFEST_UNKNOWN", 404, "manifest unknown"},
      {ErrorCode::name_invalid, "NAME_INVALID", 400, "invalid repository name"},
      {ErrorCode::name_unknown, "NAME_UNKNOWN", 404, "repository name not known to registry"},
      {ErrorCode::size_invalid, "SIZE_INVALID", 400,
       "provided length did not match content length"},
      {ErrorCode::tag_invalid, "TAG_INVALID", 400, "manifest tag did not match URI"},
      {ErrorCode::too_many_tags, "TAG_INVALID", 414, "too many tags in one request"},
      {ErrorCode::unsupported, "UNSUPPORTED", 405, "The operation is unsupported."},
      {ErrorCode::read_only, "UNSUPPORTED", 405, "the registry is read-only"},
      {ErrorCode::pagination_number_invalid, "PAGINATION_NUMBER_INVALID", 400,
       "invalid number of results requested"},
      {ErrorCode::storage_full, "DENIED", 507,
       "the registry's storage is full: delete images and collect garbage, or enlarge it"},
      {ErrorCode::unavailable, "UNAVAILABLE", 503, "service unavailable"},
      {ErrorCode::unknown, "UNKNOWN", 500, "unknown error"},
  };
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(wanted[i].code, static_cast<ErrorCode>(i));  // none is left out here
    const auto& row = row_of(wanted[i].code);
    EXPECT_EQ(row.code, wanted[i].code);
    EXPECT_EQ(row.name, wanted[i].name);
    EXPECT_EQ(row.status, wanted[i].status) << row.name;
    EXPECT_EQ(row.message, wanted[i].message);
  }
  EXPECT_ANY_THROW(row_of(static_cast<ErrorCode>(wanted.size())));
}

TEST(ErrorDocument, HasCodeMessageAndDetailInThisOrder) {
  EXPECT_EQ(document(Error(ErrorCode::blob_unknown, "sha256:abc")),
            R"({"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry",)"
            R"("detail":"sha256:abc"}]})"
            "\n");
}

TEST(ErrorDocument, LeavesAnAbsentDetailOut) {
  EXPECT_EQ(document(Error(ErrorCode::unsupported, nullptr)),
            R"({"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]})"
            "\n");
}

TEST(ErrorDocument, TakesAnyJsonAsDetail) {
  EXPECT_EQ(
      document(Error(ErrorCode::name_unknown, {{"name", "a/b"}})),
      R"({"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry",)"
      R"("detail":{"name":"a/b"}}]})"
      "\n");
}

TEST(ErrorDocument, EscapesMarkup) {
  EXPECT_NE(document(Error(ErrorCode::name_invalid, "<b>&\"")).find(R"(\u003cb\u003e\u0026\")"),
            std::string::npos);
}

TEST(ErrorDocument, ReplacesBytesThatAreNotUtf8) {
  const auto text = document(Error(ErrorCode::name_invalid, "a\xff\x62"));
  EXPECT_NE(text.find("a\xef\xbf\xbd\x62"), std::string::npos) << text;
  EXPECT_TRUE(nlohmann::json::accept(text));
}

TEST(ErrorDocument, EscapesControlCharacters) {
  const auto text = document(Error(ErrorCode::name_invalid, std::string("a\r\n\0b", 5)));
  EXPECT_NE(text.find(R"(a\r\n\u0000b)"), std::string::npos) << text;
}

TEST(ErrorDocument, ListsSeveralOfAKindInTheirOrder) {
  const ErrorList errors(ErrorCode::manifest_blob_unknown, {"sha256:2", "sha256:1"});
  EXPECT_EQ(errors.status(), 400U);
  const auto json = nlohmann::json::parse(document(errors));
  ASSERT_EQ(json["errors"].size(), 2U);
  EXPECT_EQ(json["errors"][0]["code"], "MANIFEST_BLOB_UNKNOWN");
  EXPECT_EQ(json["errors"][0]["detail"], "sha256:2");
  EXPECT_EQ(json["errors"][1]["detail"], "sha256:1");
}

TEST(Error, KnowsItsCodeStatusAndDetail) {
  const Error error(ErrorCode::blob_upload_in_use, "why");
  EXPECT_EQ(error.code(), ErrorCode::blob_upload_in_use);
  EXPECT_EQ(error.status(), 409U);
  EXPECT_EQ(error.detail(), "why");
  EXPECT_STREQ(error.what(), "BLOB_UPLOAD_INVALID");
}

TEST(DumpJson, EscapesMarkupInKeysAndValues) {
  EXPECT_EQ(dump_json({{"a<b", "c>&"}}), R"({"a\u003cb":"c\u003e\u0026"})");
}

}  // namespace
}  // namespace registry::oci
