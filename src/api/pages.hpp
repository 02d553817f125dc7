#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "registry/http/exchange.hpp"

namespace registry::api {

// What a client asks for by `n`. nullopt: it did not. Throws Error(pagination_number_invalid).
std::optional<std::size_t> page_size(const http::Request& request);
// The same, where more than `most` are refused.
std::size_t page_size(const http::Request& request, std::size_t usual, std::size_t most);

// Whether the client says `true` of a parameter, and nothing else.
bool is_true(const http::Request& request, std::string_view parameter);

// Where the next page is: relative, as in 2.8 (RFC 8288). `more`: of the query, with its "&".
void add_next_link(http::Response& response, const std::string& path, std::string_view last,
                   std::size_t n, const std::string& more = "");

}  // namespace registry::api
