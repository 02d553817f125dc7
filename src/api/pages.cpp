#include "pages.hpp"

#include "registry/oci/error.hpp"
#include "registry/oci/range.hpp"

namespace registry::api {

std::optional<std::size_t> page_size(const http::Request& request) {
  const auto text = request.target.parameter("n");
  if (!text || text->empty()) return std::nullopt;
  const auto n = oci::parse_unsigned(*text);
  if (n) return n;
  throw oci::Error(oci::ErrorCode::pagination_number_invalid,
                   "n must be a whole number, not \"" + std::string(text->substr(0, 100)) + "\"");
}

std::size_t page_size(const http::Request& request, std::size_t usual, std::size_t most) {
  const auto n = page_size(request).value_or(usual);
  if (n <= most) return n;
  const nlohmann::json detail = {{"n", n}, {"max", most}};
  throw oci::Error(oci::ErrorCode::pagination_number_invalid, detail);
}

bool is_true(const http::Request& request, std::string_view parameter) {
  return request.target.parameter(parameter) == "true";
}

void add_next_link(http::Response& response, const std::string& path, std::string_view last,
                   std::size_t n, const std::string& more) {
  response.add("Link", "<" + path + "?last=" + http::percent_encode(last) +
                           "&n=" + std::to_string(n) + more + ">; rel=\"next\"");
}

}  // namespace registry::api
