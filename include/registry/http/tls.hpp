#pragma once

#include <string>
#include <vector>

namespace registry::http {

struct TlsOptions {
  std::string certificate, key;  // PEM files
  std::vector<std::string>
      client_cas;                  // PEM files; not empty: clients need a certificate of theirs
  std::string minimum = "tls1.2";  // tls1.0 to tls1.3
  std::vector<std::string>
      cipher_suites;  // IANA's names, which are Go's; empty: forward secret AEAD
};

}  // namespace registry::http
