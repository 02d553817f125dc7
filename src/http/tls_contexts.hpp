#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "registry/http/tls.hpp"

namespace registry::http {

// What new TLS connections begin with: the certificate and all that goes with it, read again when
// one of its files has changed, as a renewed certificate changes them. Thread-safe.
class TlsContexts {
 public:
  // Throws std::runtime_error, which names the file, where one cannot be used.
  explicit TlsContexts(TlsOptions options);

  // Looks at the files once a second at most. Files that cannot be used are logged, and the last
  // good ones stay.
  std::shared_ptr<boost::asio::ssl::context> current();

 private:
  using Times = std::map<std::string, std::filesystem::file_time_type>;
  Times times() const;
  void reload();

  const TlsOptions options_;
  std::mutex mutex_;
  Times loaded_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace registry::http
