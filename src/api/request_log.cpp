#include "request_log.hpp"

#include <algorithm>

#include "registry/base/clock.hpp"
#include "registry/base/log.hpp"

namespace registry::api {
namespace log = base::log;

namespace {

// The signed state in an upload's URL is long, says nothing to a reader, and is nobody's business.
std::string loggable(std::string_view target) {
  constexpr std::string_view kState = "_state=";
  constexpr std::size_t kMaxBytes = 2048;
  std::string text;
  for (auto at = target.find(kState); at != std::string_view::npos; at = target.find(kState)) {
    text.append(target.substr(0, at + kState.size())) += '-';
    target.remove_prefix(std::min(target.find('&', at), target.size()));
  }
  return text.append(target).substr(0, kMaxBytes);
}

// Quoted as Apache does it.
std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return out + '"';
}

std::string_view host_of(std::string_view peer) {
  auto host = peer.substr(0, peer.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return host;
}

std::string combined_log_line(const http::Request& request, const http::Outcome& outcome) {
  const auto line = request.method + ' ' + loggable(request.raw_target) +
                    (request.http_1_0 ? " HTTP/1.0" : " HTTP/1.1");
  return std::string(host_of(request.peer)) + " - - [" +
         base::common_log_date(std::chrono::system_clock::now()) + "] " + quote(line) + ' ' +
         std::to_string(outcome.status) + ' ' + std::to_string(outcome.bytes_sent) + ' ' +
         quote(request.header("Referer")) + ' ' + quote(request.header("User-Agent"));
}

log::Level level_of(const http::Request& request, const http::Outcome& outcome) {
  if (outcome.own_fault) return log::Level::error;
  // Asking whether something is there is no fault, and every push does it for every blob.
  const bool is_question = outcome.status == 404 && request.method == "HEAD";
  return outcome.status >= 400 && !is_question ? log::Level::info : log::Level::debug;
}

}  // namespace

void log_request(const http::Request& request, const http::Outcome& outcome) {
  if (log::access_enabled()) log::access(combined_log_line(request, outcome));
  const auto level = level_of(request, outcome);
  if (!log::enabled(level)) return;
  using std::chrono::duration_cast;
  const auto milliseconds = duration_cast<std::chrono::milliseconds>(outcome.duration).count();
  log::Fields fields = {{"http.request.id", request.id()},
                        {"http.request.method", request.method},
                        {"http.request.uri", loggable(request.raw_target)},
                        {"http.request.remoteaddr", request.peer},
                        {"http.response.status", std::to_string(outcome.status)},
                        {"http.response.written", std::to_string(outcome.bytes_sent)},
                        {"http.response.duration", std::to_string(milliseconds) + "ms"}};
  if (!outcome.failure.empty()) fields.emplace_back("err", outcome.failure);
  log::write(level, outcome.status < 400 ? "response completed" : "response completed with error",
             fields);
}

}  // namespace registry::api
