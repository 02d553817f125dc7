#include "registry/http/target.hpp"

#include <algorithm>
#include <boost/url/authority_view.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>

#include "registry/base/text.hpp"

namespace registry::http {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A path without escapes and without a query, as nearly every request has it: nothing is left to be
// parsed.
bool is_plain_path(std::string_view text) {
  return text.starts_with('/') && std::ranges::all_of(text, [](char c) {
           return is_alphanumeric(c) || std::string_view("/-._:").find(c) != std::string_view::npos;
         });
}

bool is_plain_host(std::string_view text) {
  const auto colon = std::min(text.find(':'), text.size());
  const auto host = text.substr(0, colon), port = text.substr(std::min(colon + 1, text.size()));
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return is_alphanumeric(c) || c == '.' || c == '-';
  }) && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
}

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  const auto found =
      std::ranges::find(query, name, [](const auto& pair) { return std::string_view(pair.first); });
  if (found == query.end()) return std::nullopt;
  return found->second;
}

std::optional<Target> parse_target(std::string_view text) {
  if (is_plain_path(text)) return Target{std::string(text), {}};
  const auto parsed = boost::urls::parse_origin_form({text.data(), text.size()});
  if (!parsed) return std::nullopt;
  Target target;
  target.path = parsed->path();
  if (has_control_characters(target.path)) return std::nullopt;
  for (const auto& parameter : parsed->params()) {
    if (has_control_characters(parameter.key) || has_control_characters(parameter.value)) {
      return std::nullopt;
    }
    target.query.emplace_back(parameter.key, parameter.value);
  }
  return target;
}

// Credentials in it are nobody's to send (RFC 9110 4.2.4).
bool is_host(std::string_view text) {
  if (is_plain_host(text)) return true;
  const auto parsed = boost::urls::parse_authority({text.data(), text.size()});
  return parsed && !parsed->has_userinfo() && !parsed->encoded_host().empty();
}

std::optional<AbsoluteForm> parse_absolute_form(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!base::iequals(text.substr(0, scheme.size()), scheme)) continue;
    text.remove_prefix(scheme.size());
    const auto slash = text.find_first_of("/?#");
    const auto host = text.substr(0, slash);
    if (!is_host(host)) return std::nullopt;
    if (slash == std::string_view::npos) return AbsoluteForm{host, "/"};
    if (text[slash] != '/') return std::nullopt;
    return AbsoluteForm{host, text.substr(slash)};
  }
  return std::nullopt;
}

std::string percent_encode_path(std::string_view text) {
  return boost::urls::encode({text.data(), text.size()}, boost::urls::pchars + '/');
}

std::string percent_encode(std::string_view text) {
  return boost::urls::encode({text.data(), text.size()}, boost::urls::unreserved_chars);
}

}  // namespace registry::http
