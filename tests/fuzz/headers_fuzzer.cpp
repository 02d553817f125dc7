#include <algorithm>

#include "api/conditions.hpp"
#include "api/urls.hpp"
#include "fuzzer.hpp"
#include "registry/base/text.hpp"
#include "registry/oci/error.hpp"

namespace registry::fuzz {
namespace {

using api::Condition;
using base::iequals;

// As the server fills it: names and values of one line each, trimmed.
http::Request request_of(std::string_view lines) {
  http::Request request;
  request.host = "registry.example:5000";
  while (!lines.empty()) {
    const auto line = take_line(lines);
    const auto colon = std::min(line.find(": "), line.size());
    request.headers.emplace_back(line.substr(0, colon),
                                 line.substr(std::min(colon + 2, line.size())));
  }
  return request;
}

bool is_of_a_url(std::string_view host) {
  return std::ranges::all_of(host, [](unsigned char c) {
    return c > 0x20 && c < 0x7f &&
           std::string_view("/?#@\"\\<>").find(static_cast<char>(c)) == std::string_view::npos;
  });
}

void test_origin(const http::Request& request) {
  const auto origin = api::origin_of(request);
  require(iequals(origin.scheme, "http") || iequals(origin.scheme, "https"), "it is HTTP");
  require(!origin.host.empty() && is_of_a_url(origin.host), "a host may stand in a URL");
}

void test_conditions(const http::Request& request, const std::optional<oci::Digest>& current) {
  const auto condition = api::condition_of(request, current);
  require(condition == Condition::holds || api::has_condition(request),
          "without a condition all may go on");
  require(condition != Condition::not_modified || current, "what is absent was modified");
  bool refused = false;
  try {
    api::require_condition(request, current);
  } catch (const oci::Error& error) {
    refused = error.code() == oci::ErrorCode::precondition_failed;
  }
  require(refused == (condition != Condition::holds), "what does not hold is refused");
}

}  // namespace

// Lines of headers.
void test(std::string_view input) {
  const auto request = request_of(input);
  test_origin(request);
  test_conditions(request, std::nullopt);
  test_conditions(request, oci::empty_digest());
  for (const auto& [name, _] : request.headers) {
    for (const auto element : request.header_list(name)) {
      require(!element.empty() && element.find(',') == std::string_view::npos,
              "an element of a list is one");
    }
  }
}

}  // namespace registry::fuzz
