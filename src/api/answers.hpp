#pragma once

#include <string>
#include <string_view>

#include "registry/http/exchange.hpp"
#include "registry/oci/digest.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/name.hpp"
#include "routes.hpp"

namespace registry::api {

// An answer of the registry: every one of them names the version of the API.
http::Response answer(unsigned status);
http::Response json_answer(unsigned status, std::string body);
http::Response text_answer(unsigned status, std::string text);
// Of what changes by itself, and of which no proxy may answer with what it was.
http::Response fresh_json_answer(unsigned status, std::string body);
http::Response error_answer(const oci::Error& error);
http::Response error_answer(const oci::ErrorList& errors);

// Throw an Error that says what is wrong.
oci::RepositoryName repository_name(const Match& match);
oci::Digest blob_digest(std::string_view text);

// Of a DELETE while the configuration does not allow any.
oci::Error deletes_are_off();

// Of a repository that is not there.
oci::Error unknown_repository(const oci::RepositoryName& name);

std::string etag(const oci::Digest& digest);

}  // namespace registry::api
