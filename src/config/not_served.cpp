#include <array>

#include "read.hpp"

// docs/decisions/0003 says why some of it is refused, where the rest is only a warning.
namespace registry::config {
namespace {

constexpr std::array kControllers = {"htpasswd", "token", "silly"};

constexpr auto kOpen =
    "access control is not available in this version: the registry would be open to everybody; put "
    "an authenticating proxy in front, or remove auth";

void accept_header_map(Section headers) {
  for (const auto& name : headers.names()) headers.accept(Kind::texts, {name});
}

void note_controllers(Section auth) {
  auth.from_here(Fate::silent).accept(Kind::any, {"none"});
  auth.from_here(Fate::refused);
  for (const char* controller : kControllers) auth.accept(Kind::any, {controller});
}

}  // namespace

// A controller that is not known may not be ignored either.
void read_auth(Section auth) {
  note_controllers(auth);
  if (auth.is_scalar()) {  // `auth: none`
    if (auth.scalar() != "none" && !auth.scalar().empty()) auth.refuse("", kOpen);
    return;
  }
  std::string chosen;
  for (const auto& controller : auth.names()) {
    if (!chosen.empty()) {
      auth.refuse(controller, "there is an access controller already, " + chosen);
    }
    chosen = controller;
  }
  if (chosen.empty() || chosen == "none" || chosen == "*") return;
  auth.refuse(chosen, kOpen);
}

void read_proxy(Section proxy) {
  proxy.from_here(Fate::refused);
  std::string remoteurl;
  proxy.read("remoteurl", remoteurl);
  if (!remoteurl.empty()) {
    proxy.refuse("remoteurl",
                 "pull-through is not available in this version: name the upstream registry at the "
                 "clients, or remove proxy");
  }
  proxy.from_here(Fate::silent).accept(Kind::text, {"username", "password"});
  proxy.accept(Kind::duration, {"ttl", "cachewritetimeout"});
  auto exec = proxy.section("exec");
  exec.accept(Kind::text, {"command"});
  exec.accept(Kind::duration, {"lifetime"});
  exec.warn_of_unknown();
  proxy.warn_of_unknown();
}

void read_notifications(Section notifications) {
  notifications.from_here(Fate::warned);
  auto events = notifications.section("events");
  events.accept(Kind::flag, {"includereferences"});
  events.warn_of_unknown();
  for (auto& endpoint : notifications.sections("endpoints")) {
    endpoint.accept(Kind::text, {"name", "url"});
    endpoint.accept(Kind::flag, {"disabled"});
    accept_header_map(endpoint.section("headers"));
    endpoint.accept(Kind::duration, {"timeout", "backoff"});
    endpoint.accept(Kind::number, {"threshold"});
    endpoint.accept(Kind::texts, {"ignoredmediatypes"});
    auto ignore = endpoint.section("ignore");
    ignore.accept(Kind::texts, {"mediatypes", "actions"});
    ignore.warn_of_unknown();
    endpoint.warn_of_unknown();
  }
  notifications.warn_of_unknown();
  if (!notifications.is_set("endpoints")) return;
  notifications.warn("endpoints", "no events are sent in this version: notifications come later");
}

void read_redis(Section redis) {
  redis.from_here(Fate::warned);
  redis.accept(Kind::text, {"addr", "username", "password", "clientname", "sentinelusername",
                            "sentinelpassword", "mastername", "identitysuffix"});
  redis.accept(Kind::texts, {"addrs"});
  redis.accept(Kind::number, {"db", "protocol", "maxretries", "poolsize", "minidleconns",
                              "maxidleconns", "maxactiveconns", "maxredirects"});
  redis.accept(Kind::duration,
               {"dialtimeout", "readtimeout", "writetimeout", "minretrybackoff", "maxretrybackoff",
                "pooltimeout", "connmaxidletime", "connmaxlifetime"});
  redis.accept(Kind::flag, {"contexttimeoutenabled", "poolfifo", "readonly", "routebylatency",
                            "routerandomly", "disableidentity", "unstableresp3"});
  auto pool = redis.section("pool");
  pool.accept(Kind::number, {"maxidle", "maxactive"});
  pool.accept(Kind::duration, {"idletimeout"});
  pool.warn_of_unknown();
  auto tls = redis.section("tls");
  tls.accept(Kind::flag, {"enabled"});
  tls.accept(Kind::text, {"certificate", "key"});
  tls.accept(Kind::texts, {"rootcas"});
  tls.warn_of_unknown();
  redis.warn_of_unknown();
  if (redis.is_empty()) return;
  redis.warn("", "is not used: the daemon has caches of its own, which are always true");
}

void read_middleware(Section middleware) {
  middleware.from_here(Fate::warned);
  for (const char* place : {"registry", "repository", "storage"}) {
    for (auto& entry : middleware.sections(place)) {
      entry.accept(Kind::text, {"name"});
      entry.accept(Kind::flag, {"disabled"});
      entry.accept(Kind::any, {"options"});
      entry.warn_of_unknown();
    }
    if (!middleware.is_set(place)) continue;
    middleware.warn(place, "has no effect: middleware is not available in this version");
  }
  middleware.warn_of_unknown();
}

void read_reporting(Section reporting) {
  reporting.from_here(Fate::warned);
  auto bugsnag = reporting.section("bugsnag");
  bugsnag.accept(Kind::text, {"apikey", "releasestage", "endpoint"});
  bugsnag.warn_of_unknown();
  auto newrelic = reporting.section("newrelic");
  newrelic.accept(Kind::text, {"licensekey", "name"});
  newrelic.accept(Kind::flag, {"verbose"});
  newrelic.warn_of_unknown();
  for (const char* service : {"bugsnag", "newrelic"}) {
    if (!reporting.is_set(service)) continue;
    reporting.warn(service, "nothing is sent, and will not be: use http.debug.prometheus");
  }
  reporting.warn_of_unknown();
}

void read_compatibility(Section compatibility) {
  auto schema1 = compatibility.section("schema1");
  bool enabled = false;
  schema1.from_here(Fate::warned).read("enabled", enabled);
  if (enabled) {
    schema1.warn("enabled",
                 "manifests of schema 1 are not taken, and will not be: push the image as schema 2 "
                 "or OCI, which every client since 2016 does");
  }
  schema1.from_here(Fate::silent).accept(Kind::text, {"signingkeyfile"});
  schema1.warn_of_unknown();
  compatibility.warn_of_unknown();
}

}  // namespace registry::config
