#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "registry/api/api.hpp"
#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/storage/driver.hpp"

namespace registry::app {

namespace net = boost::asio;

// 2.8's health checks, each repeated at its interval, and whether requests should come here at all.
// Thread-safe; outlives the event loop's run.
class Health final : public api::Readiness {
 public:
  // `store_is_in_place`: as StoreLock::is_in_place.
  Health(net::io_context& context, base::Pool& io, storage::Driver& driver,
         std::function<bool()> store_is_in_place);

  // Starts the checks that are configured. `driver_name`: as in the configuration.
  void start(const config::Health& checks, const std::string& driver_name);
  // From now on the daemon is not ready: it ends when its requests have ended.
  void drain() { draining_ = true; }
  void set_remark(std::string remark);

  std::string unready() override;
  bool healthy() override { return failing_ == 0; }
  std::string store_failure() override;
  std::string remark() override;
  // The name of each check that fails, and why.
  std::map<std::string, std::string> failures();

 private:
  using Clock = std::chrono::steady_clock;
  // Why the check fails at the moment; empty: it does not.
  using Check = std::function<net::awaitable<std::string>()>;

  net::awaitable<void> repeat(std::string name, Check check, std::chrono::seconds interval,
                              std::size_t threshold);
  std::string look_at_store();
  void report(const std::string& name, const std::string& failure);

  net::io_context& context_;
  base::Pool& io_;
  storage::Driver& driver_;
  const std::function<bool()> store_is_in_place_;
  std::atomic<bool> draining_ = false;
  // When the store was last seen to fail, since the clock's epoch.
  std::atomic<Clock::rep> last_failure_ = Clock::duration(-std::chrono::hours(1)).count();
  std::atomic<std::size_t> failing_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::string> failures_;
  std::string remark_;
};

}  // namespace registry::app
