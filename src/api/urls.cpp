#include "urls.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "registry/api/api.hpp"
#include "registry/base/text.hpp"

namespace registry::api {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_token_character(char c) {
  return (static_cast<unsigned char>(c) < 0x80 &&
          std::isalnum(static_cast<unsigned char>(c)) != 0) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_scheme(std::string_view text) {
  return base::iequals(text, "http") || base::iequals(text, "https");
}

// Of what comes from outside only what can stand in a URL.
bool is_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return c < 0x80 &&
           (std::isalnum(c) != 0 ||
            std::string_view("-._~:[]%").find(static_cast<char>(c)) != std::string_view::npos);
  });
}

// A token or a quoted string at the beginning of `text`, which it is cut off from.
std::optional<std::string> take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const auto end = std::ranges::find_if_not(text, is_token_character) - text.begin();
    value = text.substr(0, static_cast<std::size_t>(end));
    text.remove_prefix(value.size());
    return value.empty() ? std::nullopt : std::optional(value);
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\') ++i;
    if (i < text.size()) value += text[i];
  }
  return std::nullopt;
}

// The first element of a Forwarded header (RFC 7239 4), its names in lower case. nullopt: it is
// malformed.
std::optional<std::map<std::string, std::string>> parse_forwarded(std::string_view text) {
  std::map<std::string, std::string> pairs;
  for (;;) {
    text = trim(text);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    std::string name(text.substr(0, equals));
    if (!std::ranges::all_of(name, is_token_character)) return std::nullopt;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    text.remove_prefix(equals + 1);
    const auto value = take_value(text);
    if (!value || !pairs.emplace(std::move(name), *value).second) return std::nullopt;
    text = trim(text);
    if (text.empty() || text.front() == ',') return pairs;
    if (text.front() != ';') return std::nullopt;
    text.remove_prefix(1);
  }
}

void apply(std::string_view scheme, std::string_view host, Origin& origin) {
  if (is_scheme(scheme)) origin.scheme = scheme;
  if (is_host(host)) origin.host = host;
}

}  // namespace

// A Forwarded header that cannot be read still means that the older ones do not count, as in 2.8.
Origin origin_of(const http::Request& request) {
  Origin origin{request.is_tls ? "https" : "http", request.host};
  if (const auto forwarded = request.header("Forwarded"); !forwarded.empty()) {
    auto pairs = parse_forwarded(forwarded);
    if (pairs) apply((*pairs)["proto"], (*pairs)["host"], origin);
    return origin;
  }
  const auto hosts = request.header("X-Forwarded-Host");
  apply(request.header("X-Forwarded-Proto"), trim(hosts.substr(0, hosts.find(','))), origin);
  return origin;
}

std::string Urls::path(std::string_view path) const {
  const auto& prefix = options_.prefix;
  return (prefix.empty() ? "/" : prefix) + std::string(path);
}

std::string Urls::url(const http::Request& request, const std::string& path) const {
  if (!options_.host.empty()) return options_.host + path;
  if (options_.relativeurls) return this->path(path);
  const auto origin = origin_of(request);
  if (origin.host.empty()) return this->path(path);  // HTTP/1.0
  return origin.scheme + "://" + origin.host + this->path(path);
}

std::string Urls::blob(const http::Request& request, const oci::RepositoryName& name,
                       const oci::Digest& digest) const {
  return url(request, "v2/" + name.str() + "/blobs/" + digest.str());
}

std::string Urls::manifest(const http::Request& request, const oci::RepositoryName& name,
                           const oci::Digest& digest) const {
  return url(request, "v2/" + name.str() + "/manifests/" + digest.str());
}

std::string Urls::upload(const http::Request& request, const oci::RepositoryName& name,
                         std::string_view id) const {
  return url(request, "v2/" + name.str() + "/blobs/uploads/" + std::string(id));
}

}  // namespace registry::api
