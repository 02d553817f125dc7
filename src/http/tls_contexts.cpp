#include "tls_contexts.hpp"

#include <openssl/ssl.h>

#include <stdexcept>

#include "registry/base/log.hpp"

namespace registry::http {
namespace {

namespace ssl = boost::asio::ssl;

// Go says _SHA256 of some names where IANA does, too; both spellings are taken.
constexpr std::pair<const char*, const char*> kOtherNames[] = {
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
};
constexpr const char* kSuites12 = "ECDHE+AESGCM:ECDHE+CHACHA20";

int version_of(const std::string& name) {
  if (name == "tls1.0") return TLS1_VERSION;
  if (name == "tls1.1") return TLS1_1_VERSION;
  if (name == "tls1.3") return TLS1_3_VERSION;
  return TLS1_2_VERSION;
}

// OpenSSL has names of its own for the suites before TLS 1.3.
std::string openssl_name(std::string name, bool& is_1_3) {
  for (const auto& [short_name, full] : kOtherNames) {
    if (name == short_name) name = full;
  }
  ssl::context all(ssl::context::tls);
  SSL_CTX_set_cipher_list(all.native_handle(), "ALL:@SECLEVEL=0");
  const auto* suites = SSL_CTX_get_ciphers(all.native_handle());
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i) {
    const auto* suite = sk_SSL_CIPHER_value(suites, i);
    if (name != SSL_CIPHER_standard_name(suite)) continue;
    is_1_3 = std::string(SSL_CIPHER_get_version(suite)) == "TLSv1.3";
    return SSL_CIPHER_get_name(suite);
  }
  throw std::runtime_error("http.tls.ciphersuites: " + name + " is not available here");
}

void choose_suites(ssl::context& context, const TlsOptions& options) {
  std::string before_1_3, of_1_3;
  for (const auto& name : options.cipher_suites) {
    bool is_1_3 = false;
    const auto own_name = openssl_name(name, is_1_3);
    auto& list = is_1_3 ? of_1_3 : before_1_3;
    list += (list.empty() ? "" : ":") + own_name;
  }
  if (before_1_3.empty()) before_1_3 = kSuites12;
  // What TLS 1.0 and 1.1 hash with is below OpenSSL's level of security.
  if (version_of(options.minimum) < TLS1_2_VERSION) before_1_3 += ":@SECLEVEL=0";
  SSL_CTX_set_cipher_list(context.native_handle(), before_1_3.c_str());
  if (!of_1_3.empty()) SSL_CTX_set_ciphersuites(context.native_handle(), of_1_3.c_str());
}

// HTTP/1.1 is all that is spoken; a client that offers nothing else is told so.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char kHttp[] = "\x08http/1.1";
  const auto found = SSL_select_next_proto(const_cast<unsigned char**>(chosen), chosen_size, kHttp,
                                           sizeof kHttp - 1, offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

template <class Use>
void use_file(const std::string& file, Use use) {
  boost::system::error_code error;
  use(error);
  if (error) throw std::runtime_error("cannot use " + file + ": " + error.message());
}

std::shared_ptr<ssl::context> load(const TlsOptions& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), version_of(options.minimum));
  SSL_CTX_set_options(context->native_handle(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);  // of OpenSSL, while idle
  SSL_CTX_set_alpn_select_cb(context->native_handle(), choose_protocol, nullptr);
  // Who resumes a session by a ticket has shown its certificate to this very server.
  static constexpr unsigned char kOwnSessions[] = "registry";
  SSL_CTX_set_session_id_context(context->native_handle(), kOwnSessions, sizeof kOwnSessions - 1);
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  choose_suites(*context, options);
  use_file(options.certificate,
           [&](auto& error) { context->use_certificate_chain_file(options.certificate, error); });
  use_file(options.key, [&](auto& error) {
    context->use_private_key_file(options.key, ssl::context::pem, error);
  });
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    throw std::runtime_error(options.key + " is not the key of " + options.certificate);
  }
  for (const auto& file : options.client_cas) {
    use_file(file, [&](auto& error) { context->load_verify_file(file, error); });
  }
  if (!options.client_cas.empty()) {
    context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  }
  return context;
}

}  // namespace

TlsContexts::TlsContexts(TlsOptions options)
    : options_(std::move(options)), loaded_(times()), context_(load(options_)) {}

TlsContexts::Times TlsContexts::times() const {
  Times times;
  auto files = options_.client_cas;
  files.push_back(options_.certificate);
  files.push_back(options_.key);
  for (const auto& file : files) {
    std::error_code ignored;  // one that is gone for a moment has the time of nothing
    times[file] = std::filesystem::last_write_time(file, ignored);
  }
  return times;
}

void TlsContexts::reload() {
  const auto now = times();
  if (now == loaded_) return;
  loaded_ = now;
  try {
    context_ = load(options_);
    base::log::info("the TLS certificate was read again", {{"certificate", options_.certificate}});
  } catch (const std::exception& error) {
    base::log::error("the TLS files have changed and cannot be used: the last good ones stay",
                     {{"err", error.what()}});
  }
}

std::shared_ptr<ssl::context> TlsContexts::current() {
  constexpr std::chrono::seconds kInterval{1};
  const std::scoped_lock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_look_) {
    next_look_ = now + kInterval;
    reload();
  }
  return context_;
}

}  // namespace registry::http
