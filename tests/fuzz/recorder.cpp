#include "recorder.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "fuzzer.hpp"

namespace registry::fuzz {
namespace {

using http::Exchange;
using http::Response;
namespace net = http::net;

constexpr std::size_t kAll = SIZE_MAX, kPart = 7;

void test_request(const http::Request& request) {
  require(!request.method.empty(), "a request has a method");
  require(request.target.path == "*" || request.target.path.starts_with('/'),
          "a path begins with a slash");
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  require(std::ranges::none_of(request.target.path, is_control),
          "a path has no control characters");
  require(request.http_1_0 || !request.host.empty(), "HTTP/1.1 has a Host");
  for (const auto& [name, value] : request.headers) {
    require(!name.empty() && name.find_first_of("\r\n: ") == std::string::npos,
            "a header has a name");
    require(value.find_first_of("\r\n") == std::string::npos, "a header is one line");
  }
}

}  // namespace

net::awaitable<void> Recorder::handle(Exchange& exchange) {
  const auto& request = exchange.request();
  test_request(request);
  seen_.push_back({request.method, request.raw_target, request.target.path, "", false});
  const auto path = request.target.path;
  if (path == "/fail") throw std::runtime_error("it fails");
  if (path != "/ignore") co_await read_body(exchange, path == "/part" ? kPart : kAll);
  seen_.back().is_whole = true;
  if (path == "/stream") {
    constexpr std::array<std::byte, 100> kBlock{};
    co_await exchange.begin_body(Response(200), 2 * kBlock.size());
    co_await exchange.write(kBlock);
    co_await exchange.write(kBlock);
    co_return;
  }
  Response response(path == "/nothing" ? 204 : 200);
  response.add("X-Path", path).with_body("text/plain", std::to_string(seen_.back().body.size()));
  co_await exchange.send(std::move(response));
}

net::awaitable<void> Recorder::read_body(Exchange& exchange, std::size_t limit) {
  const auto announced = exchange.content_length();
  std::array<std::byte, 512> block{};
  const auto wanted = std::span(block).first(std::min(limit, block.size()));
  std::size_t n = wanted.size();
  std::uint64_t length = 0;
  while (n == wanted.size()) {
    n = co_await exchange.read_body(wanted);
    require(n <= wanted.size(), "no more is read than there is room for");
    length += n;
    seen_.back().body.append(reinterpret_cast<const char*>(wanted.data()), n);
    if (limit != kAll) co_return;
  }
  require(!announced || length == *announced, "a body is as long as it was announced");
}

void Recorder::completed(const http::Request& request, const http::Outcome& outcome) {
  told_.push_back({request.method == "HEAD", outcome.status});
  require(outcome.status >= 200 && outcome.status < 600, "every request comes to an answer");
}

}  // namespace registry::fuzz
