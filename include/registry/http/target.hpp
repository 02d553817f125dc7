#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace registry::http {

// The target of a request in origin form (RFC 9112 3.2.1), percent-decoded.
struct Target {
  std::string path;  // begins with "/"; an encoded slash is a slash, as in 2.8
  std::vector<std::pair<std::string, std::string>> query;

  // The first of that name; nullopt where there is none.
  std::optional<std::string_view> parameter(std::string_view name) const;
};

// nullopt: another form, a bad escape, or control characters (also encoded ones).
std::optional<Target> parse_target(std::string_view text);

// A name or an address, with or without a port (RFC 9112 3.2): what may be built into a URL.
bool is_host(std::string_view text);

// The absolute form "http://host/path" (RFC 9112 3.2.2) taken apart.
struct AbsoluteForm {
  std::string_view host, origin_form;
};
std::optional<AbsoluteForm> parse_absolute_form(std::string_view text);

// As a path: slashes stay.
std::string percent_encode_path(std::string_view text);

// As the value of a query parameter.
std::string percent_encode(std::string_view text);

}  // namespace registry::http
