#include <algorithm>
#include <array>

#include "read.hpp"
#include "values.hpp"

namespace registry::config {
namespace {

constexpr std::string_view kStrictest = "require-and-verify-client-cert";

// Those that crypto/tls of Go 1.19 knows by name, the weak ones too.
const std::vector<std::string>& known_suites() {
  static const std::vector<std::string> kSuites = {
      "TLS_AES_128_GCM_SHA256",
      "TLS_AES_256_GCM_SHA384",
      "TLS_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
      "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
      "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
      "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
      "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
      "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
      "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
      "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
      "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
      "TLS_RSA_WITH_AES_128_CBC_SHA",
      "TLS_RSA_WITH_AES_128_CBC_SHA256",
      "TLS_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_RSA_WITH_AES_256_CBC_SHA",
      "TLS_RSA_WITH_AES_256_GCM_SHA384",
      "TLS_RSA_WITH_RC4_128_SHA",
  };
  return kSuites;
}

void check_suites(Section& tls, const std::vector<std::string>& suites) {
  const auto& known = known_suites();
  for (std::size_t i = 0; i < suites.size(); ++i) {
    if (std::ranges::find(known, suites[i]) != known.end()) continue;
    const auto meant = nearest(suites[i], known);
    tls.refuse("ciphersuites[" + std::to_string(i) + "]",
               "\"" + suites[i] + "\" is not a cipher suite" +
                   (meant.empty() ? ": use Go's names, such as " + known.front()
                                  : "; did you mean " + meant + "?"));
  }
}

std::string read_version(Section& tls, const std::string& otherwise) {
  constexpr std::array<std::string_view, 4> kVersions = {"tls1.0", "tls1.1", "tls1.2", "tls1.3"};
  const auto index =
      static_cast<std::size_t>(std::ranges::find(kVersions, otherwise) - kVersions.begin());
  return std::string(
      kVersions[tls.read_word("minimumtls", {"tls1.0", "tls1.1", "tls1.2", "tls1.3"}, index)]);
}

void check_pair(Section& tls, const Tls& out) {
  constexpr auto kTogether = "certificate and key go together: one of them is missing";
  if (out.certificate.empty() && !out.key.empty()) tls.refuse("key", kTogether);
  if (out.key.empty() && !out.certificate.empty()) tls.refuse("certificate", kTogether);
  if (!out.clientcas.empty() && out.certificate.empty()) {
    tls.refuse("clientcas", "needs certificate and key: over plain HTTP no client is verified");
  }
}

void read_clientauth(Section& tls) {
  tls.from_here(Fate::warned);
  const auto index = tls.read_word(
      "clientauth",
      {kStrictest, "verify-client-cert-if-given", "require-any-client-cert", "request-client-cert"},
      0);
  if (index == 0) return;
  tls.warn("clientauth", "has no effect: with clientcas, a certificate is required and verified");
}

void read_letsencrypt(Section letsencrypt) {
  letsencrypt.from_here(Fate::refused);
  std::string cachefile;
  letsencrypt.read("cachefile", cachefile);
  if (!cachefile.empty()) {
    letsencrypt.refuse("cachefile",
                       "certificates are not fetched: use the certificate and key of a client such "
                       "as certbot, which are read again when they change");
  }
  letsencrypt.from_here(Fate::silent).accept(Kind::text, {"email", "directoryurl"});
  letsencrypt.accept(Kind::texts, {"hosts"});
  letsencrypt.warn_of_unknown();
}

}  // namespace

void read_tls(Section tls, Tls& out) {
  tls.read("certificate", out.certificate);
  tls.read("key", out.key);
  tls.read("clientcas", out.clientcas);
  check_pair(tls, out);
  out.minimumtls = read_version(tls, out.minimumtls);
  tls.read("ciphersuites", out.ciphersuites);
  check_suites(tls, out.ciphersuites);
  read_letsencrypt(tls.section("letsencrypt"));
  read_clientauth(tls);
  tls.warn_of_unknown();
}

}  // namespace registry::config
