#include "api/answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace registry::api {
namespace {

using testing::HasSubstr;

const auto kDigest = *oci::Digest::parse("sha256:" + std::string(64, 'a'));

TEST(Answers, NameTheVersionOfTheApi) {
  const std::string line = "Docker-Distribution-Api-Version: registry/2.0\r\n";
  EXPECT_EQ(answer(202).status(), 202U);
  EXPECT_THAT(answer(202).header_lines(), HasSubstr(line));
  EXPECT_THAT(json_answer(200, "{}").header_lines(), HasSubstr(line));
  EXPECT_THAT(text_answer(405, "no").header_lines(), HasSubstr(line));
  EXPECT_THAT(error_answer(oci::Error(oci::ErrorCode::blob_unknown, "x")).header_lines(),
              HasSubstr(line));
}

TEST(Answers, SayWhatTheirBodyIs) {
  const auto json = json_answer(200, "{}");
  EXPECT_EQ(json.body(), "{}");
  EXPECT_THAT(json.header_lines(), HasSubstr("Content-Type: application/json; charset=utf-8\r\n"));
  const auto text = text_answer(404, "not here");
  EXPECT_EQ(text.body(), "not here");
  EXPECT_THAT(text.header_lines(), HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(text.header_lines(), HasSubstr("X-Content-Type-Options: nosniff\r\n"));
}

TEST(Answers, CarryTheErrorWithItsStatus) {
  const auto refusal = error_answer(oci::Error(oci::ErrorCode::blob_upload_in_use, "busy"));
  EXPECT_EQ(refusal.status(), 409U);
  EXPECT_THAT(refusal.body(), HasSubstr(R"("code":"BLOB_UPLOAD_INVALID")"));
  EXPECT_THAT(refusal.body(), HasSubstr(R"("detail":"busy")"));
  EXPECT_THAT(refusal.header_lines(), HasSubstr("application/json"));
  const auto list =
      error_answer(oci::ErrorList(oci::ErrorCode::manifest_blob_unknown, {"one", "two"}));
  EXPECT_EQ(list.status(), 400U);
  EXPECT_THAT(list.body(), HasSubstr(R"("detail":"two")"));
}

TEST(RepositoryNameOfAMatch, IsValidated) {
  EXPECT_EQ(repository_name({Shape::tags, "a/b", ""}).str(), "a/b");
  try {
    repository_name({Shape::tags, "a/B", ""});
    FAIL();
  } catch (const oci::Error& error) {
    EXPECT_EQ(error.code(), oci::ErrorCode::name_invalid);
    EXPECT_THAT(error.detail().get<std::string>(), HasSubstr("\"a/B\""));
  }
}

TEST(RepositoryNameOfAMatch, IsCutInTheRefusal) {
  try {
    repository_name({Shape::tags, std::string(8000, 'A'), ""});
    FAIL();
  } catch (const oci::Error& error) {
    EXPECT_LT(error.detail().get<std::string>().size(), 1000U);
  }
}

TEST(BlobDigest, IsValidated) {
  EXPECT_EQ(blob_digest(kDigest.str()), kDigest);
  for (const char* text : {"", "sha256:abc", "md5:0123456789abcdef0123456789abcdef"}) {
    try {
      blob_digest(text);
      ADD_FAILURE() << text;
    } catch (const oci::Error& error) {
      EXPECT_EQ(error.code(), oci::ErrorCode::digest_invalid) << text;
    }
  }
}

TEST(DeletesAreOff, SaysWhatToDo) {
  EXPECT_EQ(deletes_are_off().status(), 405U);
  EXPECT_THAT(deletes_are_off().detail().get<std::string>(), HasSubstr("storage.delete.enabled"));
}

}  // namespace
}  // namespace registry::api
