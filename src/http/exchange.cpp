#include "registry/http/exchange.hpp"

#include <algorithm>
#include <span>

#include "registry/base/text.hpp"
#include "registry/base/uuid.hpp"

namespace registry::http {

const std::string& Request::id() const {
  if (id_.empty()) id_ = base::make_uuid();
  return id_;
}

// Clears, and does not free.
void Request::begin() {
  for (auto* text : {&method, &raw_target, &target.path, &host, &actor, &id_}) text->clear();
  for (auto& [name, value] : headers) {
    name.clear();
    value.clear();
  }
  target.query.clear();
  route = {};
  http_1_0 = false;
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (base::iequals(key, name)) return value;
  }
  return {};
}

std::vector<std::string_view> Request::header_list(std::string_view name) const {
  std::vector<std::string_view> elements;
  for (const auto& [key, value] : headers) {
    if (!base::iequals(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      const auto element = base::trim(rest.substr(0, comma));
      if (!element.empty()) elements.push_back(element);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  return elements;
}

Response& Response::add(std::string_view name, std::string_view value) {
  header_lines_.append(name).append(": ");
  const auto begin = header_lines_.size();
  header_lines_.append(value).append("\r\n");
  const auto added = std::span(header_lines_).subspan(begin, value.size());
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  std::ranges::replace_if(added, is_control, '?');
  return *this;
}

bool Response::has(std::string_view name) const {
  for (std::string_view rest = header_lines_; !rest.empty();) {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    if (base::iequals(line.substr(0, line.find(':')), name)) return true;
    rest.remove_prefix(end + 2);
  }
  return false;
}

Response& Response::with_body(std::string_view content_type, std::string body) {
  body_ = std::move(body);
  return add("Content-Type", content_type);
}

}  // namespace registry::http
