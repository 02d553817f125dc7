#include "test_handler.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <chrono>
#include <iterator>
#include <thread>

namespace registry::http {
namespace {

constexpr std::chrono::seconds kPatience{20};
constexpr std::chrono::milliseconds kLook{2};

Response text(std::string body) {
  Response response(200);
  response.with_body("text/plain", std::move(body));
  return response;
}

std::uint64_t number(const Exchange& exchange, std::string_view name, std::uint64_t otherwise) {
  const auto value = exchange.request().target.parameter(name);
  if (value) std::from_chars(value->data(), value->data() + value->size(), otherwise);
  return otherwise;
}

net::awaitable<std::string> read_whole(Exchange& exchange) {
  std::string body;
  std::vector<std::byte> block(16 * 1024);
  for (;;) {
    const auto n = co_await exchange.read_body(block);
    body.append(reinterpret_cast<const char*>(block.data()), n);
    if (n < block.size()) co_return body;
  }
}

}  // namespace

struct TestHandler::Route {
  std::string_view path;
  net::awaitable<void> (TestHandler::*answer)(Exchange&);
};

const TestHandler::Route TestHandler::kRoutes[] = {
    {"/echo", &TestHandler::echo},                    // the body
    {"/length", &TestHandler::length},                // the number of the body's bytes
    {"/count", &TestHandler::count},                  // the number of requests until now
    {"/ignore", &TestHandler::ignore},                // "ignored", without reading the body
    {"/receive", &TestHandler::receive},              // the body, as uploads are received; ?most=
    {"/status", &TestHandler::status},                // ?code=, with a body
    {"/hostile-value", &TestHandler::hostile_value},  // a header value that would be another line
    {"/file", &TestHandler::file},                    // ?offset= and ?length= of the file
    {"/stream", &TestHandler::stream},                // ?length= bytes, block by block
    {"/held", &TestHandler::held},                    // "released", when it is
    {"/held-echo", &TestHandler::held_echo},          // the body, read when released
    {"/held-receive", &TestHandler::held_receive},    // as /receive, when released
    {"/held-failure", &TestHandler::held_failure},    // throws when released
    {"/failure", &TestHandler::failure},              // throws before the answer
    {"/late-failure", &TestHandler::late_failure},    // throws in the middle of it
    {"/too-little", &TestHandler::too_little},        // half of what it announced
    {"/lost", &TestHandler::lost},                    // throws ConnectionLost
    {"/nothing", &TestHandler::nothing},              // sends no answer
};

net::awaitable<void> TestHandler::handle(Exchange& exchange) {
  ++begun_;
  const auto& path = exchange.request().target.path;
  const auto route = std::ranges::find(kRoutes, path, &Route::path);
  const auto answer = route == std::end(kRoutes) ? &TestHandler::describe : route->answer;
  co_await (this->*answer)(exchange);
}

void TestHandler::completed(const Request& request, const Outcome& outcome) {
  const std::scoped_lock lock(mutex_);
  completed_.push_back({request.method, request.raw_target, outcome});
  completed_more_.notify_all();
}

void TestHandler::set_file(std::string_view content) {
  file_ = base::Fd(::memfd_create("file", MFD_CLOEXEC));
  while (!content.empty()) {
    const auto n = ::write(file_.get(), content.data(), content.size());
    if (n < 0) throw std::runtime_error("cannot make a file");
    content.remove_prefix(static_cast<std::size_t>(n));
  }
}

bool TestHandler::wait_until_begun(int count) const {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (begun_ < count && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kLook);
  }
  return begun_ >= count;
}

std::optional<Completed> TestHandler::wait_for_completed(std::size_t nth) {
  std::unique_lock lock(mutex_);
  if (!completed_more_.wait_for(lock, kPatience, [&] { return completed_.size() >= nth; })) {
    return std::nullopt;
  }
  return completed_[nth - 1];
}

net::awaitable<void> TestHandler::echo(Exchange& exchange) {
  auto body = co_await read_whole(exchange);
  co_await exchange.send(text(std::move(body)));
}

net::awaitable<void> TestHandler::length(Exchange& exchange) {
  const auto body = co_await read_whole(exchange);
  co_await exchange.send(text(std::to_string(body.size())));
}

net::awaitable<void> TestHandler::count(Exchange& exchange) {
  co_await exchange.send(text(std::to_string(begun_)));
}

net::awaitable<void> TestHandler::ignore(Exchange& exchange) {
  co_await exchange.send(text("ignored"));
}

// "too much" where the body has more bytes than ?most=: the sink throws then. With ?end= it throws
// at the end.
net::awaitable<void> TestHandler::receive(Exchange& exchange) {
  const auto most = number(exchange, "most", ~std::uint64_t{0});
  const bool throws_at_end = number(exchange, "end", 0) > 0;
  std::string body;
  bool is_too_much = false;
  const BodySink sink = [&](std::span<const std::byte> data) {
    body.append(reinterpret_cast<const char*>(data.data()), data.size());
    if (body.size() > most || (data.empty() && throws_at_end)) throw std::length_error("too much");
  };
  try {
    for (;;) {
      const bool more = co_await exchange.wait_for_body();
      if (!more) break;
      co_await exchange.receive(receiving_, memory_, sink);
    }
  } catch (const std::length_error&) {
    is_too_much = true;
  }
  co_await exchange.send(text(is_too_much ? "too much" : std::move(body)));
}

// Any other path: what the request was understood to be.
net::awaitable<void> TestHandler::describe(Exchange& exchange) {
  const auto& request = exchange.request();
  std::string body = request.target.path + "\n";
  for (const auto element : request.header_list("accept")) body.append(element).append("\n");
  co_await exchange.send(text(std::move(body)));
}

net::awaitable<void> TestHandler::status(Exchange& exchange) {
  Response response(static_cast<unsigned>(number(exchange, "code", 200)));
  response.with_body("text/plain", "body");
  co_await exchange.send(std::move(response));
}

net::awaitable<void> TestHandler::hostile_value(Exchange& exchange) {
  Response response(200);
  response.add("X-Value", "a\r\nX-Other: b\x7f");
  co_await exchange.send(std::move(response));
}

net::awaitable<void> TestHandler::file(Exchange& exchange) {
  const auto offset = number(exchange, "offset", 0), size = number(exchange, "length", 0);
  co_await exchange.begin_body(Response(200), size);
  co_await exchange.write_file(file_.get(), offset, size);
}

net::awaitable<void> TestHandler::stream(Exchange& exchange) {
  auto left = number(exchange, "length", 0);
  co_await exchange.begin_body(Response(200), left);
  const std::vector<std::byte> block(64 * 1024, std::byte{'s'});
  while (left > 0) {
    const auto n = std::min<std::uint64_t>(left, block.size());
    const auto part = std::span(block).first(n);
    co_await exchange.write(part);
    left -= n;
  }
}

net::awaitable<void> TestHandler::held(Exchange& exchange) {
  co_await wait_until_released();
  co_await exchange.send(text("released"));
}

net::awaitable<void> TestHandler::held_echo(Exchange& exchange) {
  co_await wait_until_released();
  co_await echo(exchange);
}

net::awaitable<void> TestHandler::held_receive(Exchange& exchange) {
  co_await wait_until_released();
  co_await receive(exchange);
}

net::awaitable<void> TestHandler::held_failure(Exchange&) {
  co_await wait_until_released();
  throw std::runtime_error("a secret");
}

net::awaitable<void> TestHandler::failure(Exchange&) {
  throw std::runtime_error("a secret");
  co_return;
}

net::awaitable<void> TestHandler::late_failure(Exchange& exchange) {
  co_await exchange.begin_body(Response(200), 10);
  const std::vector<std::byte> half(5, std::byte{'s'});
  co_await exchange.write(half);
  throw std::runtime_error("a secret");
}

net::awaitable<void> TestHandler::too_little(Exchange& exchange) {
  co_await exchange.begin_body(Response(200), 10);
  const std::vector<std::byte> half(5, std::byte{'s'});
  co_await exchange.write(half);
}

net::awaitable<void> TestHandler::lost(Exchange&) {
  throw ConnectionLost("it is gone");
  co_return;
}

net::awaitable<void> TestHandler::nothing(Exchange&) {
  co_return;
}

net::awaitable<void> TestHandler::wait_until_released() {
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  while (!released_) {
    timer.expires_after(kLook);
    co_await timer.async_wait(net::use_awaitable);
  }
}

}  // namespace registry::http
