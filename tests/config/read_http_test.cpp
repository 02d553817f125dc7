#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

Http http(const std::string& text) {
  const auto loaded = parse_text(kLeast + "http:\n  " + text + "\n");
  EXPECT_THAT(loaded.warnings, IsEmpty()) << text;
  return loaded.config.http;
}

TEST(Http, HasDefaults) {
  const auto out = parse_text(kLeast).config.http;
  EXPECT_EQ(out.net, Net::tcp);
  EXPECT_EQ(out.host, "");
  EXPECT_EQ(out.prefix, "");
  EXPECT_FALSE(out.relativeurls);
  EXPECT_THAT(out.headers, IsEmpty());
  EXPECT_EQ(out.debug.addr, "");
  EXPECT_FALSE(out.debug.prometheus.enabled);
  EXPECT_EQ(out.debug.prometheus.path, "/metrics");
}

TEST(Http, ListensOnASocket) {
  const auto out = http("{net: unix, addr: /run/registry.sock}");
  EXPECT_EQ(out.net, Net::unix);
  EXPECT_EQ(out.addr, "/run/registry.sock");
  EXPECT_EQ(http("{net: TCP, addr: ':1'}").net, Net::tcp);
}

TEST(Http, NeedsAPathForASocketAndAPortForTcp) {
  expect_refusals(
      {{"http:\n  net: unix", "test.yml:5: http.addr: must be the absolute path of a socket"},
       {"http:\n  net: unix\n  addr: :5000", "test.yml:6: http.addr: must be the absolute path"},
       {"http:\n  addr: /run/registry.sock", "test.yml:5: http.addr: must be host:port"},
       {"http:\n  net: udp", "test.yml:5: http.net: must be one of tcp, unix"}});
}

TEST(Http, HostIsABaseOfUrls) {
  EXPECT_EQ(http("host: https://r.example.com").host, "https://r.example.com");
  EXPECT_EQ(http("host: HTTP://r.example.com:5000").host, "HTTP://r.example.com:5000");
  EXPECT_EQ(http("host: http://r.example.com/").host, "http://r.example.com/");
  EXPECT_EQ(http("host: http://r.example.com/base").host, "http://r.example.com/base/");
  EXPECT_EQ(http("host: http://[::1]:80/a/b/").host, "http://[::1]:80/a/b/");
  EXPECT_EQ(http("host: ''").host, "");
}

TEST(Http, RefusesAHostThatIsNoBase) {
  for (const char* host :
       {"r.example.com", "r.example.com:5000", "//r.example.com", "ftp://r.example.com", "https://",
        "https:///path", "https://user@h", "https://h/?a=b", "https://h/#f", "'https://h h'",
        "https://h:port", "https://h:80x/", "'https://h:'", "https://h:65536", "/path"}) {
    EXPECT_THAT(refusal(kLeast + "http:\n  host: " + host),
                HasSubstr("test.yml:5: http.host: must be scheme://host"))
        << host;
  }
}

TEST(Http, PrefixBeginsAndEndsWithASlash) {
  EXPECT_EQ(http("prefix: /registry/").prefix, "/registry/");
  EXPECT_EQ(http("prefix: registry").prefix, "/registry/");
  EXPECT_EQ(http("prefix: /a/b").prefix, "/a/b/");
  EXPECT_EQ(http("prefix: a/b//").prefix, "/a/b/");
  EXPECT_EQ(http("prefix: /").prefix, "");
  EXPECT_EQ(http("prefix: ''").prefix, "");
}

TEST(Http, RefusesAPrefixThatNoRequestHas) {
  for (const char* prefix : {"'a b'", "a%2Fb", "a?b", "'a#b'", "a//b", "a/./b", "..", "a/../b",
                             "\"a\\tb\"", "\u00e4", "'a\\b'", "[a]"}) {
    EXPECT_THAT(refusal(kLeast + "http:\n  prefix: " + prefix),
                HasSubstr("test.yml:5: http.prefix: must be"))
        << prefix;
  }
}

TEST(Http, UrlsMayBeRelative) {
  EXPECT_TRUE(http("relativeurls: true").relativeurls);
  expect_refusals({{"http: {relativeurls: 5}", "http.relativeurls: must be true or false"}});
}

TEST(Http, AddsHeaders) {
  const auto out = http(
      "headers:\n    X-Content-Type-Options: [nosniff]\n    X-One: text\n    X-Two: [a, 5]\n"
      "    X-None:\n    x.odd!: ''");
  EXPECT_THAT(out.headers,
              ElementsAre(Pair("X-Content-Type-Options", ElementsAre("nosniff")),
                          Pair("X-One", ElementsAre("text")), Pair("X-Two", ElementsAre("a", "5")),
                          Pair("X-None", IsEmpty()), Pair("x.odd!", ElementsAre(""))));
}

TEST(Http, RefusesHeadersThatWouldBreakAnAnswer) {
  expect_refusals(
      {{"http:\n  headers:\n    Content-Length: 5", "test.yml:6: http.headers.Content-Length: is"},
       {"http:\n  headers:\n    transfer-encoding: [x]", "is set by the daemon"},
       {"http:\n  headers:\n    CONNECTION: close", "is set by the daemon"},
       {"http:\n  headers:\n    'X Y': a", "test.yml:6: http.headers.X Y: is not the name"},
       {"http:\n  headers:\n    'X:': a", "is not the name of a header"},
       {"http:\n  headers:\n    '': a", "is not the name of a header"},
       {"http:\n  headers:\n    'X[0]': [a]\n    X: [b]", "is not the name of a header"},
       {"http:\n  headers:\n    X-Y: \"a\\r\\nb\"", "X-Y[0]: has a control character"},
       {"http:\n  headers:\n    X-Y:\n      - a\n      - \"\\x7f\"",
        "test.yml:8: http.headers.X-Y[1]: has a control character"},
       {"http:\n  headers:\n    X-Y:\n      - [a]", "test.yml:7: http.headers.X-Y[0]: must be a"},
       {"http:\n  headers:\n    X-Y: {a: b}", "test.yml:6: http.headers.X-Y: must be a list"},
       {"http:\n  headers: [a]", "http.headers: must be a map"}});
}

TEST(Http, DebugServerHasMetrics) {
  const auto out = http("debug: {addr: 'localhost:5001', prometheus: {enabled: true, path: /m}}");
  EXPECT_EQ(out.debug.addr, "localhost:5001");
  EXPECT_TRUE(out.debug.prometheus.enabled);
  EXPECT_EQ(out.debug.prometheus.path, "/m");
}

TEST(Http, RefusesADebugServerThatCannotBeReached) {
  expect_refusals(
      {{"http:\n  debug:\n    addr: localhost", "test.yml:6: http.debug.addr: must be host:port"},
       {"http:\n  debug:\n    addr: /socket", "test.yml:6: http.debug.addr: must be host:port"},
       {"http: {debug: {prometheus: {path: metrics}}}", "path: must begin with a slash"},
       {"http: {debug: {prometheus: {enabled: x}}}", "prometheus.enabled: must be true or"},
       {"http: {debug: ':5001'}", "http.debug: must be a map"}});
}

TEST(Http, DoesNotSpeakHttp2) {
  expect_no_warning("http: {http2: {disabled: true}}\n");
  expect_no_warning("http: {http2: {disabled: false}}\n");
  expect_no_warning("http: {h2c: {enabled: false}}\n");
  expect_warning("http:\n  h2c:\n    enabled: true\n",
                 "test.yml:6: http.h2c.enabled: HTTP/2 is not spoken");
  expect_refusals({{"http: {http2: {disabled: 5}}", "http.http2.disabled: must be true or"},
                   {"http: {h2c: {enabled: 5}}", "http.h2c.enabled: must be true or false"}});
}

TEST(Http, WarnsOfUnknownKeysAtEveryDepth) {
  expect_warning("http: {prefixs: /a}\n", "did you mean http.prefix?");
  expect_warning("http: {debug: {address: ':1'}}\n", "http.debug.address: this key is not known");
  expect_warning("http: {debug: {prometheus: {enable: true}}}\n",
                 "did you mean http.debug.prometheus.enabled?");
  expect_warning("http: {http2: {disable: true}}\n", "did you mean http.http2.disabled?");
}

}  // namespace
}  // namespace registry::config
