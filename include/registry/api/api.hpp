#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "registry/api/collections.hpp"
#include "registry/api/request_metrics.hpp"
#include "registry/base/budget.hpp"
#include "registry/base/pool.hpp"
#include "registry/config/config.hpp"
#include "registry/content/content.hpp"
#include "registry/http/exchange.hpp"
#include "registry/maintenance/usage_record.hpp"

namespace registry::api {

namespace net = boost::asio;

// What the probes of an orchestrator ask for. Thread-safe.
class Readiness {
 public:
  virtual ~Readiness() = default;
  // Why requests should not come here at the moment; empty: they may.
  virtual std::string unready() = 0;
  // False: a health check fails, and every request is to be refused, as in 2.8. Asked by each one.
  virtual bool healthy() = 0;
  // What else those who look after it should know, as that the storage is full; empty: nothing.
  virtual std::string remark() = 0;
  // Why nothing can be said of what the store has: it is gone, or fails; empty: it is there.
  // Blocking.
  virtual std::string store_failure() = 0;
};

// What the handlers work with. All of it outlives the Api.
struct Services {
  content::Content& content;
  base::Pool& io;
  base::Pool& transfers;              // of bodies that are received, hashed and written in one go
  base::ByteBudget& memory;           // of bodies in flight
  base::ByteBudget& large_manifests;  // of the few that are larger than a block
  Readiness& readiness;
  RequestMetrics& metrics;
  // What follows is of /api/v1.
  storage::Driver& driver;  // that of the content
  maintenance::UsageRecord& usage;
  Collections& collections;
  const config::Retention& retention;
  std::stop_token ending;  // of the process: what takes long is to end
};

struct Options {
  bool delete_enabled = false;
  bool readonly = false;    // what changes anything is 405
  bool api_enabled = true;  // /api/v1: else all of it is 404
  std::string secret;       // of the state in upload URLs; empty: they carry none
  std::string host;    // "scheme://host/", with what URLs in answers begin; empty: by the request
  std::string prefix;  // "/prefix/", under which all is; empty: none
  bool relativeurls = false;
  http::HeaderLines headers;  // of every answer of a known route
  std::size_t catalog_maxentries = 1000;
  std::size_t tags_maxtags = 0;  // 0: no limit
};

struct Match;

// The Docker Registry HTTP API V2 and the OCI Distribution API: finds the route of a request, has
// its handler answer, and turns what a client did wrong into an error document, here and nowhere
// else. Thread-safe.
class Api final : public http::Handler {
 public:
  Api(Services services, Options options);
  ~Api() override;

  net::awaitable<void> handle(http::Exchange& exchange) override;
  void completed(const http::Request& request, const http::Outcome& outcome) override;

 private:
  struct Handlers;
  struct Route;

  net::awaitable<void> dispatch(http::Exchange& exchange);
  http::Response not_found(const http::Request& request,
                           const std::optional<std::string>& path) const;
  http::Response refused_method(std::string_view method) const;
  http::Response method_not_allowed(const http::Request& request, const Match& match) const;

  const Options options_;
  const std::unique_ptr<Handlers> handlers_;
  std::vector<Route> routes_;
};

}  // namespace registry::api
