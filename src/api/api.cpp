#include "registry/api/api.hpp"

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <set>
#include <system_error>

#include "answers.hpp"
#include "handlers.hpp"
#include "registry/base/clock.hpp"
#include "registry/base/log.hpp"

namespace registry::api {
namespace log = base::log;

struct Api::Handlers {
  Handlers(Services all, Options configured) : services(all), options(std::move(configured)) {}
  const Services services;
  const Options options;
  BaseHandlers base;
  ListHandlers lists{services};
  ManifestHandlers manifests{services, options};
  BlobHandlers blobs{services, options};
  UploadHandlers uploads{services, options};
};

struct Api::Route {
  Shape shape;
  std::string_view method;  // empty: every method
  std::function<net::awaitable<void>(Exchange&, const Match&)> handler;
};

namespace {

template <class Family>
auto bind(Family& family, net::awaitable<void> (Family::*handler)(Exchange&, const Match&)) {
  return [&family, handler](Exchange& exchange, const Match& match) {
    return (family.*handler)(exchange, match);
  };
}

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
  constexpr std::string_view kMappedV4 = "::ffff:";
  if (host.starts_with(kMappedV4)) host.remove_prefix(kMappedV4.size());
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

bool is_one_of(const std::exception& error, std::initializer_list<int> numbers) {
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  return system != nullptr && std::ranges::any_of(numbers, [&](int number) {
           return system->code() == std::error_code(number, std::generic_category());
         });
}

oci::Error own_fault(const std::exception& error, const std::string& request_id) {
  if (is_one_of(error, {ENOSPC, EDQUOT})) {
    return {oci::ErrorCode::storage_full,
            "the registry's storage is full: delete images and collect garbage, or enlarge it"};
  }
  if (is_one_of(error, {EMFILE, ENFILE, ENOMEM})) {
    return {oci::ErrorCode::unavailable, "the registry is at its limits: try again in a moment"};
  }
  return {oci::ErrorCode::unknown,
          "the registry failed: its log says why under http.request.id " + request_id};
}

http::Response answer_to(const std::exception& thrown, Exchange& exchange) {
  if (const auto* error = dynamic_cast<const oci::Error*>(&thrown)) {
    const auto& detail = error->detail();
    const auto text = detail.is_string() ? detail.get<std::string>() : detail.dump();
    exchange.set_failure(std::string(error->what()) + ": " + text, false);
    return error_answer(*error);
  }
  if (const auto* errors = dynamic_cast<const oci::ErrorList*>(&thrown)) {
    exchange.set_failure(std::string(errors->what()) + ": " + errors->details().front(), false);
    return error_answer(*errors);
  }
  if (dynamic_cast<const http::MalformedBody*>(&thrown) != nullptr) {
    exchange.set_failure(thrown.what(), false);
    return error_answer(oci::Error(oci::ErrorCode::size_invalid, thrown.what()));
  }
  exchange.set_failure(thrown.what(), true);
  return error_answer(own_fault(thrown, exchange.request().id));
}

log::Level level_of(const http::Request& request, const http::Outcome& outcome) {
  if (outcome.own_fault) return log::Level::error;
  // Asking whether something is there is no fault, and every push does it for every blob.
  const bool is_question = outcome.status == 404 && request.method == "HEAD";
  return outcome.status >= 400 && !is_question ? log::Level::info : log::Level::debug;
}

}  // namespace

Api::Api(Services services, Options options)
    : handlers_(std::make_unique<Handlers>(services, std::move(options))),
      routes_{
          {Shape::root, "", bind(handlers_->base, &BaseHandlers::root)},
          {Shape::base, "", bind(handlers_->base, &BaseHandlers::base)},
          {Shape::catalog, "GET", bind(handlers_->lists, &ListHandlers::catalog)},
          {Shape::tags, "GET", bind(handlers_->lists, &ListHandlers::tags)},
          {Shape::manifest, "GET", bind(handlers_->manifests, &ManifestHandlers::get)},
          {Shape::manifest, "HEAD", bind(handlers_->manifests, &ManifestHandlers::get)},
          {Shape::manifest, "PUT", bind(handlers_->manifests, &ManifestHandlers::put)},
          {Shape::manifest, "DELETE", bind(handlers_->manifests, &ManifestHandlers::remove)},
          {Shape::blob, "GET", bind(handlers_->blobs, &BlobHandlers::get)},
          {Shape::blob, "HEAD", bind(handlers_->blobs, &BlobHandlers::get)},
          {Shape::blob, "DELETE", bind(handlers_->blobs, &BlobHandlers::remove)},
          {Shape::uploads, "POST", bind(handlers_->uploads, &UploadHandlers::post)},
          {Shape::upload, "GET", bind(handlers_->uploads, &UploadHandlers::status)},
          {Shape::upload, "HEAD", bind(handlers_->uploads, &UploadHandlers::status)},
          {Shape::upload, "PATCH", bind(handlers_->uploads, &UploadHandlers::patch)},
          {Shape::upload, "PUT", bind(handlers_->uploads, &UploadHandlers::put)},
          {Shape::upload, "DELETE", bind(handlers_->uploads, &UploadHandlers::cancel)},
      } {}

Api::~Api() = default;

// The one place where what is thrown becomes an answer: a client's fault with all that can be said
// about it, ours with the id under which the log says more.
net::awaitable<void> Api::handle(http::Exchange& exchange) {
  std::optional<http::Response> refusal;
  try {
    co_await dispatch(exchange);
  } catch (const http::ConnectionLost&) {
    throw;
  } catch (const std::exception& error) {
    if (exchange.answered()) throw;
    refusal = answer_to(error, exchange);
  }
  if (refusal) co_await exchange.send(std::move(*refusal));
}

net::awaitable<void> Api::dispatch(http::Exchange& exchange) {
  const auto& request = exchange.request();
  const auto match = api::match(request.target.path);
  if (!match) {
    auto response = text_answer(404, "404 page not found\n");
    if (with_slash_mended(request.target.path)) {
      response = answer(301);
      // As it was sent: with its escapes and its query.
      const std::string_view target = request.raw_target;
      const auto query = std::min(target.find('?'), target.size());
      response.add("Location",
                   with_last_slash_turned(target.substr(0, query)).append(target.substr(query)));
    }
    co_await exchange.send(std::move(response));
    co_return;
  }
  for (const auto& route : routes_) {
    if (route.shape != match->shape) continue;
    if (!route.method.empty() && route.method != request.method) continue;
    co_await route.handler(exchange, *match);
    co_return;
  }
  co_await exchange.send(method_not_allowed(request, *match));
}

http::Response Api::method_not_allowed(const http::Request& request, const Match& match) const {
  std::set<std::string_view> allowed;
  for (const auto& route : routes_) {
    if (route.shape == match.shape) allowed.insert(route.method);
  }
  std::string list;
  for (const auto method : allowed) list += (list.empty() ? "" : ", ") + std::string(method);
  auto response =
      request.method == "OPTIONS" ? answer(200) : text_answer(405, "Method not allowed\n");
  response.add("Allow", list);
  return response;
}

void Api::completed(const http::Request& request, const http::Outcome& outcome) {
  log::access(combined_log_line(request, outcome));
  const auto level = level_of(request, outcome);
  if (!log::enabled(level)) return;
  using std::chrono::duration_cast;
  const auto milliseconds = duration_cast<std::chrono::milliseconds>(outcome.duration).count();
  log::Fields fields = {{"http.request.id", request.id},
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
