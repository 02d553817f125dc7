#include "health.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>

#include "registry/base/log.hpp"
#include "registry/base/offload.hpp"

namespace registry::app {
namespace {

using net::ip::tcp;

net::awaitable<boost::system::error_code> connect(std::string address) {
  const auto executor = co_await net::this_coro::executor;
  const auto colon = address.rfind(':');
  tcp::resolver resolver(executor);
  boost::system::error_code error;
  const auto entries =
      co_await resolver.async_resolve(address.substr(0, colon), address.substr(colon + 1),
                                      net::redirect_error(net::use_awaitable, error));
  if (error) co_return error;
  tcp::socket socket(executor);
  co_await net::async_connect(socket, entries, net::redirect_error(net::use_awaitable, error));
  co_return error;
}

// With 2.8's words (CONTRACT 14).
net::awaitable<std::string> check_tcp(config::Health::Tcp check) {
  using namespace net::experimental::awaitable_operators;
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor, check.timeout);
  const auto first = co_await (connect(check.addr) || timer.async_wait(net::use_awaitable));
  const bool connected = first.index() == 0 && !std::get<0>(first);
  co_return connected ? std::string() : "connection to " + check.addr + " failed";
}

}  // namespace

Health::Health(net::io_context& context, base::Pool& io, storage::Driver& driver,
               std::function<bool()> store_is_in_place)
    : context_(context),
      io_(io),
      driver_(driver),
      store_is_in_place_(std::move(store_is_in_place)) {}

// What was looked for while the storage was away may be looked at when it is back.
std::string Health::store_failure() {
  constexpr std::chrono::milliseconds kEcho{500};
  auto why = look_at_store();
  const auto now = Clock::now().time_since_epoch();
  if (!why.empty()) {
    last_failure_ = now.count();
  } else if (now - Clock::duration(last_failure_.load()) < kEcho) {
    why = "the storage was away until a moment ago";
  }
  return why;
}

std::string Health::look_at_store() {
  try {
    driver_.stat("");
    return store_is_in_place_() ? "" : "the storage is gone: it was moved, removed or unmounted";
  } catch (const std::exception& error) {
    return std::string("the storage cannot be reached: ") + error.what();
  }
}

void Health::start(const config::Health& checks, const std::string& driver_name) {
  const auto spawn = [this](const std::string& name, Check check, std::chrono::seconds interval,
                            std::size_t threshold) {
    net::co_spawn(net::make_strand(context_), repeat(name, std::move(check), interval, threshold),
                  net::detached);
  };
  if (checks.storagedriver.enabled) {
    const Check storage = [this]() -> net::awaitable<std::string> {
      const auto look = [&] { return look_at_store(); };
      co_return co_await base::offload(io_, look);
    };
    spawn("storagedriver_" + driver_name, storage, checks.storagedriver.interval,
          checks.storagedriver.threshold);
  }
  for (const auto& check : checks.file) {
    const Check exists = [this, file = check.file]() -> net::awaitable<std::string> {
      const auto look = [&] {
        std::error_code error;
        return std::filesystem::exists(file, error);
      };
      const bool found = co_await base::offload(io_, look);
      co_return found ? "file exists" : "";
    };
    spawn(check.file, exists, check.interval, 0);
  }
  for (const auto& check : checks.tcp) {
    spawn(check.addr, [check] { return check_tcp(check); }, check.interval, check.threshold);
  }
}

net::awaitable<void> Health::repeat(std::string name, Check check, std::chrono::seconds interval,
                                    std::size_t threshold) {
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  for (std::size_t in_a_row = 0;;) {
    const auto failure = co_await check();
    in_a_row = failure.empty() ? 0 : in_a_row + 1;
    report(name, in_a_row >= std::max<std::size_t>(threshold, 1) ? failure : "");
    timer.expires_after(interval);
    co_await timer.async_wait(net::use_awaitable);
  }
}

void Health::report(const std::string& name, const std::string& failure) {
  const std::scoped_lock lock(mutex_);
  const bool failed_before = failures_.contains(name);
  if (failure.empty()) {
    if (failed_before) base::log::info("a health check passes again", {{"check", name}});
    failures_.erase(name);
  } else {
    if (!failed_before) {
      base::log::error("a health check fails: every request is answered with 503",
                       {{"check", name}, {"err", failure}});
    }
    failures_[name] = failure;
  }
  failing_ = failures_.size();
}

std::map<std::string, std::string> Health::failures() {
  const std::scoped_lock lock(mutex_);
  return failures_;
}

void Health::set_remark(std::string remark) {
  const std::scoped_lock lock(mutex_);
  remark_ = std::move(remark);
}

std::string Health::remark() {
  const std::scoped_lock lock(mutex_);
  return remark_;
}

std::string Health::unready() {
  if (draining_) return "the registry is ending";
  for (const auto& [name, failure] : failures()) return name + ": " + failure;
  return look_at_store();
}

}  // namespace registry::app
