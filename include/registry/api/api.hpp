#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/base/budget.hpp"
#include "registry/base/pool.hpp"
#include "registry/content/content.hpp"
#include "registry/http/exchange.hpp"

namespace registry::api {

namespace net = boost::asio;

// What the handlers work with. All of it outlives the Api.
struct Services {
  content::Content& content;
  base::Pool& io;
  base::ByteBudget& memory;           // of bodies in flight
  base::ByteBudget& large_manifests;  // of the few that are larger than a block
};

struct Options {
  bool delete_enabled = false;
  std::string secret;  // of the state in upload URLs; empty: they carry none
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
  http::Response method_not_allowed(const http::Request& request, const Match& match) const;

  const std::unique_ptr<Handlers> handlers_;
  const std::vector<Route> routes_;
};

}  // namespace registry::api
