#pragma once

#include <string>

namespace registry::base {

// A random UUID (version 4, RFC 9562) in its usual 36 characters. Thread-safe.
std::string make_uuid();

}  // namespace registry::base
