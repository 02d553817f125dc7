#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Auth, ThatIsNotThereMayNotBeIgnored) {
  for (const std::string controller : {"htpasswd", "token", "silly", "ldap"}) {
    const auto where = "test.yml:5: auth." + controller;
    expect_refusals({{"auth:\n  " + controller + ":\n    realm: r\n",
                      where + ": access control is not available in this version: the registry "
                              "would be open to everybody"},
                     {"auth:\n  " + controller + ":\n", where + ": access control"},
                     {"auth: " + controller, "test.yml:4: auth: access control"}});
  }
  expect_refusals({{"auth: [htpasswd]", "auth: must be a map"}, {"auth: false", "access control"}});
}

TEST(Auth, MayBeNone) {
  for (const char* text : {"auth:\n", "auth: {}\n", "auth: none\n", "auth: {none: }\n",
                           "auth: {none: {realm: r}}\n", "auth: ''\n"}) {
    expect_no_warning(text);
  }
}

TEST(Auth, IsOne) {
  expect_refusals({{"auth:\n  none:\n  token: {}\n",
                    "test.yml:6: auth.token: there is an access controller already, none"},
                   {"auth: {token: , htpasswd: }\n", "there is an access controller already"}});
}

TEST(Proxy, IsRefused) {
  expect_refusals({{"proxy:\n  remoteurl: https://registry-1.docker.io\n",
                    "test.yml:5: proxy.remoteurl: pull-through is not available in this version"},
                   {"proxy: {ttl: long}\n", "proxy.ttl: must be a duration"}});
}

TEST(Proxy, WithoutARemoteIsNone) {
  expect_no_warning("proxy:\n");
  expect_no_warning(
      "proxy: {remoteurl: '', username: u, password: p, ttl: 0, cachewritetimeout: 5m, exec: "
      "{command: c, lifetime: 1h}}\n");
}

TEST(Notifications, AreWarnedOfOnce) {
  const std::string endpoint =
      "    - {name: n, disabled: false, url: 'http://h/', headers: {A: [b]}, timeout: 1s, "
      "threshold: 10, backoff: 1s, ignoredmediatypes: [a], ignore: {mediatypes: [b], actions: "
      "[pull]}}\n";
  expect_warning(
      "notifications:\n  events: {includereferences: true}\n  endpoints:\n" + endpoint + endpoint,
      "test.yml:6: notifications.endpoints: no events are sent in this version");
  expect_no_warning("notifications: {events: {includereferences: false}, endpoints: []}\n");
}

TEST(Notifications, AreOfTheRightTypes) {
  expect_refusals({{"notifications: {endpoints: {name: n}}", "endpoints: must be a list"},
                   {"notifications: {endpoints: [{timeout: x}]}", "timeout: must be a duration"},
                   {"notifications: {endpoints: [{headers: []}]}", "headers: must be a map"},
                   {"notifications: {events: true}", "notifications.events: must be a map"}});
}

TEST(Redis, IsWarnedOfOnce) {
  expect_warning(
      "redis:\n  addr: localhost:6379\n  password: p\n  db: 0\n  dialtimeout: 10ms\n"
      "  readtimeout: 10ms\n  writetimeout: 10ms\n  tls: {enabled: false}\n"
      "  pool: {maxidle: 16, maxactive: 64, idletimeout: 300s}\n",
      "test.yml:5: redis: is not used: the daemon has caches of its own");
  expect_warning("redis: {addrs: [a, b], poolsize: -1, tls: {rootcas: [/c]}, readonly: true}\n",
                 "redis: is not used");
  expect_no_warning("redis:\n");
}

TEST(Middleware, IsWarnedOfForEachPlace) {
  EXPECT_THAT(parse_text(kLeast + R"(middleware:
  registry:
    - {name: a, disabled: true, options: {any: {thing: [at, all]}}}
  repository: []
  storage:
    - name: cloudfront
      options:
        baseurl: https://cdn/
)")
                  .warnings,
              ElementsAre(HasSubstr("test.yml:5: middleware.registry: has no effect"),
                          HasSubstr("test.yml:8: middleware.storage: has no effect")));
}

TEST(Reporting, IsWarnedOfForEachService) {
  EXPECT_THAT(parse_text(kLeast + R"(reporting:
  bugsnag: {apikey: k, releasestage: s, endpoint: e}
  newrelic: {licensekey: k, name: n, verbose: true}
)")
                  .warnings,
              ElementsAre(HasSubstr("test.yml:5: reporting.bugsnag: nothing is sent"),
                          HasSubstr("test.yml:6: reporting.newrelic: nothing is sent")));
  expect_no_warning("reporting: {bugsnag: , newrelic: {}}\n");
}

TEST(Compatibility, IsWarnedOfWhereItIsAskedFor) {
  expect_warning("compatibility:\n  schema1:\n    enabled: true\n",
                 "test.yml:6: compatibility.schema1.enabled: manifests of schema 1 are not taken");
  expect_no_warning("compatibility: {schema1: {enabled: false, signingkeyfile: /key}}\n");
}

TEST(NotServed, StillWarnsOfUnknownKeys) {
  expect_warning("proxy: {remote: x}\n", "proxy.remote: this key is not known");
  expect_warning("compatibility: {schema1: {enable: true}}\n", "compatibility.schema1.enabled?");
  expect_warning("reporting: {sentry: {}}\n", "reporting.sentry: this key is not known");
  expect_warning("middleware: {registrys: []}\n", "did you mean middleware.registry?");
  expect_warning("notifications: {endpoint: []}\n", "did you mean notifications.endpoints?");
}

}  // namespace
}  // namespace registry::config
