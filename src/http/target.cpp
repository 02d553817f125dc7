#include "registry/http/target.hpp"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>

namespace registry::http {
namespace {

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

std::string percent_encode(std::string_view text) {
  return boost::urls::encode({text.data(), text.size()}, boost::urls::unreserved_chars);
}

}  // namespace registry::http
