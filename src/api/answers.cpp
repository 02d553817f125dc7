#include "answers.hpp"

namespace registry::api {

http::Response answer(unsigned status) {
  http::Response response(status);
  response.add("Docker-Distribution-Api-Version", "registry/2.0");
  return response;
}

http::Response json_answer(unsigned status, std::string body) {
  auto response = answer(status);
  response.with_body("application/json; charset=utf-8", std::move(body));
  return response;
}

http::Response fresh_json_answer(unsigned status, std::string body) {
  auto response = json_answer(status, std::move(body));
  response.add("Cache-Control", "no-store");
  return response;
}

http::Response text_answer(unsigned status, std::string text) {
  auto response = answer(status);
  response.add("X-Content-Type-Options", "nosniff");
  response.with_body("text/plain; charset=utf-8", std::move(text));
  return response;
}

http::Response error_answer(const oci::Error& error) {
  return json_answer(error.status(), oci::document(error));
}

http::Response error_answer(const oci::ErrorList& errors) {
  return json_answer(errors.status(), oci::document(errors));
}

oci::RepositoryName repository_name(const Match& match) {
  auto name = oci::RepositoryName::parse(match.name);
  if (name) return *name;
  throw oci::Error(oci::ErrorCode::name_invalid,
                   "\"" + match.name.substr(0, 300) +
                       "\": a name is made of lower case letters, digits, \".\", \"_\" and \"-\" "
                       "between them, and \"/\", 255 characters at most");
}

oci::Digest blob_digest(std::string_view text) {
  auto digest = oci::Digest::parse(text);
  if (digest) return *digest;
  throw oci::Error(oci::ErrorCode::digest_invalid,
                   "\"" + std::string(text.substr(0, 200)) +
                       "\" is not sha256: and 64, or sha512: and 128 lower case hex digits");
}

oci::Error deletes_are_off() {
  return {oci::ErrorCode::unsupported, "deletes are off: set storage.delete.enabled to true"};
}

oci::Error unknown_repository(const oci::RepositoryName& name) {
  const nlohmann::json detail = {{"name", name.str()}};
  return {oci::ErrorCode::name_unknown, detail};
}

std::string etag(const oci::Digest& digest) {
  return '"' + digest.str() + '"';
}

}  // namespace registry::api
