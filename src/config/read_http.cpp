#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/parse_path.hpp>
#include <boost/url/url_view.hpp>

#include "read.hpp"
#include "registry/base/text.hpp"
#include "values.hpp"

namespace registry::config {
namespace {

namespace urls = boost::urls;
using base::iequals;

void check_address(Section& section, const std::string& address) {
  if (address.empty() || is_address(address)) return;
  section.refuse("addr", "must be host:port or :port, not \"" + address + "\"");
}

void read_address(Section& http, Http& out) {
  out.net =
      static_cast<Net>(http.read_word("net", {"tcp", "unix"}, static_cast<std::size_t>(out.net)));
  http.read("addr", out.addr);
  if (out.net == Net::tcp) return check_address(http, out.addr);
  if (!out.addr.starts_with('/')) {
    http.refuse("addr", "must be the absolute path of a socket, as http.net is unix");
  }
}

// Boost 1.81 takes "http://h:port" for a port without digits, and a path that begins with no slash.
bool has_good_port(const urls::url_view& url) {
  const bool is_path = url.encoded_path().empty() || url.encoded_path().starts_with('/');
  return is_path && (!url.has_port() || url.port_number() != 0);
}

void read_host(Section& http, std::string& out) {
  http.read("host", out);
  if (out.empty()) return;
  const auto url = urls::parse_uri(out);
  const bool is_base = url && (iequals(url->scheme(), "http") || iequals(url->scheme(), "https")) &&
                       !url->host().empty() && !url->has_userinfo() && !url->has_query() &&
                       !url->has_fragment() && has_good_port(*url);
  if (!is_base) {
    http.refuse("host",
                "must be scheme://host[:port][/path/] with http or https, not \"" + out + "\"");
  }
  if (!url->encoded_path().empty() && !out.ends_with('/')) out += '/';
}

// Requests are matched with the prefix once their escapes are resolved and their dot segments gone.
void read_prefix(Section& http, std::string& out) {
  http.read("prefix", out);
  while (out.ends_with('/')) out.pop_back();
  if (out.empty()) return;
  if (!out.starts_with('/')) out.insert(0, "/");
  out += '/';
  const bool is_plain =
      urls::parse_path(out).has_value() && out.find_first_of("%?#") == std::string::npos &&
      out.find("//") == std::string::npos && out.find("/./") == std::string::npos &&
      out.find("/../") == std::string::npos;
  if (!is_plain) http.refuse("prefix", "must be a path such as /registry/, without escapes");
}

void check_header(Section& headers, const std::string& name,
                  const std::vector<std::string>& values) {
  constexpr std::array kOurs = {"Content-Length", "Transfer-Encoding", "Connection"};
  if (!is_token(name)) headers.refuse(name, "is not the name of a header");
  if (std::ranges::any_of(kOurs, [&](const char* ours) { return iequals(ours, name); })) {
    headers.refuse(name, "is set by the daemon, as the answer needs it");
  }
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::ranges::none_of(values[i], is_control)) continue;
    headers.refuse(name + "[" + std::to_string(i) + "]", "has a control character");
  }
}

void read_headers(Section headers, Http& out) {
  for (const auto& name : headers.names()) {
    std::vector<std::string> values;
    headers.read(name, values);
    check_header(headers, name, values);
    out.headers.emplace_back(name, std::move(values));
  }
}

void read_debug(Section debug, Http& out) {
  debug.read("addr", out.debug.addr);
  check_address(debug, out.debug.addr);
  auto prometheus = debug.section("prometheus");
  prometheus.read("enabled", out.debug.prometheus.enabled);
  prometheus.read("path", out.debug.prometheus.path);
  if (!out.debug.prometheus.path.starts_with('/')) {
    prometheus.refuse("path", "must begin with a slash");
  }
  prometheus.warn_of_unknown();
  debug.warn_of_unknown();
}

void read_http2(Section& http) {
  auto http2 = http.section("http2");
  http2.from_here(Fate::silent).accept(Kind::flag, {"disabled"});
  http2.warn_of_unknown();
  auto h2c = http.section("h2c");
  bool enabled = false;
  h2c.from_here(Fate::warned).read("enabled", enabled);
  if (enabled) h2c.warn("enabled", "HTTP/2 is not spoken: every client speaks HTTP/1.1 as well");
  h2c.warn_of_unknown();
}

}  // namespace

void read_http(Section http, Http& out) {
  read_address(http, out);
  read_host(http, out.host);
  read_prefix(http, out.prefix);
  http.read("secret", out.secret);
  http.read("relativeurls", out.relativeurls);
  http.read("draintimeout", out.draintimeout);
  read_tls(http.section("tls"), out.tls);
  read_headers(http.section("headers"), out);
  read_debug(http.section("debug"), out);
  read_http2(http);
  http.warn_of_unknown();
}

}  // namespace registry::config
