#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/oci/name.hpp"

namespace registry::api {

// The `_state` in an upload's URL, in 2.8's form (CONTRACT 7): base64url of HMAC-SHA256(secret, J)
// and J, which is JSON. With the same http.secret an upload can change between 2.8 and us.
std::string make_upload_state(const std::string& secret, const oci::RepositoryName& name,
                              std::string_view id, std::uint64_t offset);

// The offset that a state speaks of; nullopt: it is not ours, or of another upload.
std::optional<std::uint64_t> check_upload_state(const std::string& secret, std::string_view state,
                                                const oci::RepositoryName& name,
                                                std::string_view id);

}  // namespace registry::api
