#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace registry::oci {

// False: it is not JSON, or the reader has had enough. The parser holds a string, a number or white
// space twice, in buffers that double: many times a document that is little else. So large
// documents are parsed one after the other. Thread-safe.
bool parse_in_turn(std::string_view content, nlohmann::json_sax<nlohmann::json>& reader);

}  // namespace registry::oci
