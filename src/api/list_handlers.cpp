#include <limits>

#include "answers.hpp"
#include "handlers.hpp"
#include "registry/base/offload.hpp"
#include "registry/oci/range.hpp"

namespace registry::api {
namespace {

constexpr std::size_t kDefaultCatalogPage = 100, kMaxCatalogPage = 1000;  // as in 2.8
constexpr std::size_t kEverything = std::numeric_limits<std::size_t>::max();

// nullopt: the client did not ask for a number.
std::optional<std::size_t> page_size(const http::Request& request) {
  const auto text = request.target.parameter("n");
  if (!text || text->empty()) return std::nullopt;
  const auto n = oci::parse_unsigned(*text);
  if (n) return n;
  throw oci::Error(oci::ErrorCode::pagination_number_invalid,
                   "n must be a whole number, not \"" + std::string(text->substr(0, 100)) + "\"");
}

// Relative, as in 2.8 (RFC 8288).
void add_next_link(http::Response& response, const std::string& path, const content::Page& page,
                   std::size_t n) {
  if (!page.more || page.names.empty()) return;
  response.add("Link", "<" + path + "?last=" + http::percent_encode(page.names.back()) +
                           "&n=" + std::to_string(n) + ">; rel=\"next\"");
}

}  // namespace

net::awaitable<void> ListHandlers::catalog(Exchange& exchange, const Match&) {
  const auto& request = exchange.request();
  const auto n = page_size(request).value_or(kDefaultCatalogPage);
  if (n > kMaxCatalogPage) {
    const nlohmann::json detail = {{"n", n}, {"max", kMaxCatalogPage}};
    throw oci::Error(oci::ErrorCode::pagination_number_invalid, detail);
  }
  const auto last = request.target.parameter("last").value_or("");
  content::Page page;
  const auto list = [&] { page = services_.content.catalog.list(last, n); };
  if (n > 0) co_await base::offload(services_.io, list);
  const nlohmann::json body = {{"repositories", page.names}};
  auto response = json_answer(200, oci::dump_json(body) + '\n');
  add_next_link(response, "/v2/_catalog", page, n);
  co_await exchange.send(std::move(response));
}

net::awaitable<void> ListHandlers::tags(Exchange& exchange, const Match& match) {
  const auto& request = exchange.request();
  const auto name = repository_name(match);
  const auto n = page_size(request).value_or(kEverything);
  const auto last = request.target.parameter("last").value_or("");
  const auto list = [&] { return services_.content.tags.list(name, last, n); };
  const auto page = co_await base::offload(services_.io, list);
  if (!page) {
    const nlohmann::json detail = {{"name", name.str()}};
    throw oci::Error(oci::ErrorCode::name_unknown, detail);
  }
  const nlohmann::json body = {{"name", name.str()}, {"tags", page->names}};
  auto response = json_answer(200, oci::dump_json(body) + '\n');
  add_next_link(response, "/v2/" + name.str() + "/tags/list", *page, n);
  co_await exchange.send(std::move(response));
}

}  // namespace registry::api
