#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kTls = "http:\n  tls:\n    certificate: /c.pem\n    key: /k.pem\n";

TEST(Tls, IsOffByDefault) {
  const auto tls = parse_text(kLeast).config.http.tls;
  EXPECT_EQ(tls.certificate, "");
  EXPECT_EQ(tls.key, "");
  EXPECT_EQ(tls.minimumtls, "tls1.2");
  EXPECT_THAT(tls.clientcas, IsEmpty());
  EXPECT_THAT(tls.ciphersuites, IsEmpty());
}

TEST(Tls, ReadsEveryKey) {
  const auto [config, warnings] = parse_text(
      kLeast + kTls +
      "    clientcas: [/a.pem, /b.pem]\n    minimumtls: TLS1.3\n"
      "    ciphersuites:\n      - TLS_AES_128_GCM_SHA256\n      - TLS_RSA_WITH_AES_256_CBC_SHA\n");
  const auto& tls = config.http.tls;
  EXPECT_EQ(tls.certificate, "/c.pem");
  EXPECT_EQ(tls.key, "/k.pem");
  EXPECT_THAT(tls.clientcas, ElementsAre("/a.pem", "/b.pem"));
  EXPECT_EQ(tls.minimumtls, "tls1.3");
  EXPECT_THAT(tls.ciphersuites,
              ElementsAre("TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA"));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Tls, NeedsCertificateAndKeyTogether) {
  expect_refusals({{"http:\n  tls:\n    key: /k", "test.yml:6: http.tls.key: certificate and key"},
                   {"http:\n  tls:\n    certificate: /c", "test.yml:6: http.tls.certificate: cer"},
                   {"http:\n  tls:\n    certificate: /c\n    key: ''", "certificate and key go"}});
}

TEST(Tls, VerifiesNoClientWithoutACertificateOfItsOwn) {
  expect_refusals({{"http:\n  tls:\n    clientcas: [/a]",
                    "test.yml:6: http.tls.clientcas: needs certificate and key"}});
}

TEST(Tls, HasFourVersions) {
  for (const std::string version : {"tls1.0", "tls1.1", "tls1.2", "tls1.3"}) {
    const auto text = kLeast + kTls + "    minimumtls: " + version + "\n";
    EXPECT_EQ(parse_text(text).config.http.tls.minimumtls, version);
  }
  expect_refusals(
      {{kTls + "    minimumtls: ssl3", "test.yml:8: http.tls.minimumtls: must be one"},
       {kTls + "    minimumtls: 1.2", "must be one of tls1.0, tls1.1, tls1.2, tls1.3"}});
}

TEST(Tls, TakesGosNamesOfSuites) {
  for (const std::string suite :
       {"TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA256"}) {
    EXPECT_EQ(refusal(kLeast + kTls + "    ciphersuites: [" + suite + "]\n"), "");
  }
}

TEST(Tls, NamesTheNearestSuite) {
  expect_refusals(
      {{kTls + "    ciphersuites:\n      - TLS_AES_128_GCM_SHA256\n      - "
               "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA25\n",
        "test.yml:10: http.tls.ciphersuites[1]: \"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA25\" "
        "is not a cipher suite; did you mean TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256?"},
       {kTls + "    ciphersuites: [ECDHE-RSA-AES128-GCM-SHA256]", "use Go's names"},
       {kTls + "    ciphersuites: ['']", "is not a cipher suite"}});
}

TEST(Tls, DoesNotFetchCertificates) {
  expect_refusals({{"http:\n  tls:\n    letsencrypt:\n      cachefile: /x",
                    "test.yml:7: http.tls.letsencrypt.cachefile: certificates are not fetched"},
                   {"http: {tls: {letsencrypt: {hosts: {}}}}", "hosts: must be a list of texts"}});
  // As in 2.8, where the cache turns it on.
  expect_no_warning("http: {tls: {letsencrypt: {cachefile: '', email: a@b, hosts: [h]}}}\n");
  expect_no_warning("http: {tls: {letsencrypt: {directoryurl: 'https://ca'}}}\n");
  expect_no_warning("http: {tls: {letsencrypt: }}\n");
}

TEST(Tls, VerifiesClientsInOneWay) {
  const auto clientauth = [](const std::string& how) { return kTls + "    clientauth: " + how; };
  expect_no_warning(clientauth("require-and-verify-client-cert"));
  for (const char* how :
       {"request-client-cert", "require-any-client-cert", "verify-client-cert-if-given"}) {
    expect_warning(clientauth(how), "test.yml:8: http.tls.clientauth: has no effect");
  }
  expect_refusals({{clientauth("never"), "http.tls.clientauth: must be one of"}});
}

}  // namespace
}  // namespace registry::config
