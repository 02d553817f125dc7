#include "registry/api/api.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <set>
#include <system_error>

#include "answers.hpp"
#include "handlers.hpp"
#include "registry/base/offload.hpp"
#include "request_log.hpp"

namespace registry::api {

struct Api::Handlers {
  Handlers(Services all, const Options& options)
      : services(all),
        urls(options),
        base(services),
        lists(services, options, urls),
        manifests(services, options, urls),
        blobs(services, options),
        uploads(services, options, urls),
        usage(services, urls),
        upkeep(services, options, urls) {}
  const Services services;
  const Urls urls;
  BaseHandlers base;
  ListHandlers lists;
  ManifestHandlers manifests;
  BlobHandlers blobs;
  UploadHandlers uploads;
  UsageHandlers usage;
  UpkeepHandlers upkeep;
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

bool is_one_of(const std::exception& error, std::initializer_list<int> numbers) {
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  return system != nullptr && std::ranges::any_of(numbers, [&](int number) {
           return system->code() == std::error_code(number, std::generic_category());
         });
}

constexpr std::initializer_list<int> kFull = {ENOSPC, EDQUOT};
constexpr std::initializer_list<int> kForbidden = {EACCES, EPERM, EROFS};
constexpr std::initializer_list<int> kBroken = {EIO, ENXIO, ENODEV, ESTALE, EUCLEAN, ENOTCONN};

// For the log: what went wrong, and what to do about it where that can be said.
std::string explained(const std::exception& error) {
  if (is_one_of(error, kFull)) {
    return std::string(error.what()) + ": delete images and collect garbage, or enlarge the volume";
  }
  if (is_one_of(error, kBroken)) {
    return std::string(error.what()) + ": the volume fails, of which the kernel's log says more";
  }
  if (!is_one_of(error, kForbidden)) return error.what();
  return std::string(error.what()) + ": check the owner of the volume, which user " +
         std::to_string(::geteuid()) + " has to be able to read and to write";
}

oci::Error failed_store(const std::string& request_id) {
  return {oci::ErrorCode::unavailable,
          "the registry's storage is gone or fails: its log says more under http.request.id " +
              request_id + ", and who runs the registry has to mend it"};
}

oci::Error own_fault(const std::exception& error, const std::string& request_id) {
  if (is_one_of(error, kFull)) {
    return {oci::ErrorCode::storage_full,
            "the registry's storage is full: delete images and collect garbage, or enlarge it"};
  }
  if (is_one_of(error, kForbidden) || is_one_of(error, {ELOOP})) {
    return {oci::ErrorCode::unavailable,
            "the registry may not read or write a part of its store: its log names it under "
            "http.request.id " +
                request_id + ", and who runs the registry has to mend it"};
  }
  if (is_one_of(error, kBroken)) return failed_store(request_id);
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
  exchange.set_failure(explained(thrown), true);
  return error_answer(own_fault(thrown, exchange.request().id()));
}

// What a store that is gone or fails would say of everything: that it is not there, or that it
// cannot be written.
bool may_be_for_want_of_the_store(const std::exception& thrown) {
  using enum oci::ErrorCode;
  if (const auto* error = dynamic_cast<const oci::Error*>(&thrown)) {
    constexpr std::array kAbsences = {blob_unknown, blob_upload_unknown, manifest_unknown,
                                      name_unknown};
    return std::ranges::find(kAbsences, error->code()) != kAbsences.end();
  }
  return dynamic_cast<const http::MalformedBody*>(&thrown) == nullptr;
}

// The path below the prefix, which has a slash at both ends. "/" and the probes are outside of it.
std::optional<std::string> without_prefix(const std::string& path, const std::string& prefix) {
  if (prefix.empty() || path == "/" || is_probe(path)) return path;
  if (!path.starts_with(prefix)) return std::nullopt;
  return path.substr(prefix.size() - 1);
}

// With its question mark; empty where there is none.
std::string query_of(const http::Request& request) {
  const auto begin = request.raw_target.find('?');
  return begin == std::string::npos ? "" : request.raw_target.substr(begin);
}

bool changes_something(std::string_view method) {
  return method == "POST" || method == "PATCH" || method == "PUT" || method == "DELETE";
}

// Redirects come before all else, as in 2.8 (CONTRACT 1).
http::Response moved(const http::Request& request, const std::string& location) {
  auto response = answer(301);
  response.add("Location", location);
  if (request.method != "GET") return response;
  std::string shown;
  for (const char c : location) {
    shown += c == '&' ? "&amp;" : c == '"' ? "&#34;" : c == '<' ? "&lt;" : std::string(1, c);
  }
  return response.with_body("text/html; charset=utf-8",
                            "<a href=\"" + shown + "\">Moved Permanently</a>.\n\n");
}

}  // namespace

Api::Api(Services services, Options options)
    : options_(std::move(options)),
      handlers_(std::make_unique<Handlers>(services, options_)),
      routes_{
          {Shape::live, "GET", bind(handlers_->base, &BaseHandlers::live)},
          {Shape::live, "HEAD", bind(handlers_->base, &BaseHandlers::live)},
          {Shape::ready, "GET", bind(handlers_->base, &BaseHandlers::ready)},
          {Shape::ready, "HEAD", bind(handlers_->base, &BaseHandlers::ready)},
          {Shape::root, "", bind(handlers_->base, &BaseHandlers::root)},
          {Shape::base, "", bind(handlers_->base, &BaseHandlers::base)},
          {Shape::catalog, "GET", bind(handlers_->lists, &ListHandlers::catalog)},
          {Shape::tags, "GET", bind(handlers_->lists, &ListHandlers::tags)},
          {Shape::referrers, "GET", bind(handlers_->lists, &ListHandlers::referrers)},
          {Shape::referrers, "HEAD", bind(handlers_->lists, &ListHandlers::referrers)},
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
          {Shape::usage, "GET", bind(handlers_->usage, &UsageHandlers::store)},
          {Shape::usage, "HEAD", bind(handlers_->usage, &UsageHandlers::store)},
          {Shape::repositories, "GET", bind(handlers_->usage, &UsageHandlers::repositories)},
          {Shape::repositories, "HEAD", bind(handlers_->usage, &UsageHandlers::repositories)},
          {Shape::repository, "GET", bind(handlers_->usage, &UsageHandlers::repository)},
          {Shape::repository, "HEAD", bind(handlers_->usage, &UsageHandlers::repository)},
          {Shape::repository, "DELETE",
           bind(handlers_->upkeep, &UpkeepHandlers::remove_repository)},
          {Shape::collection, "GET", bind(handlers_->upkeep, &UpkeepHandlers::collection)},
          {Shape::collection, "HEAD", bind(handlers_->upkeep, &UpkeepHandlers::collection)},
          {Shape::collection, "POST", bind(handlers_->upkeep, &UpkeepHandlers::collect)},
          {Shape::retention, "GET", bind(handlers_->upkeep, &UpkeepHandlers::retention)},
          {Shape::retention, "HEAD", bind(handlers_->upkeep, &UpkeepHandlers::retention)},
      } {
  if (!options_.readonly) return;
  std::erase_if(routes_, [](const Route& route) { return changes_something(route.method); });
}

Api::~Api() = default;

// The one place where what is thrown becomes an answer: a client's fault with all that can be said
// about it, ours with the id under which the log says more.
net::awaitable<void> Api::handle(http::Exchange& exchange) {
  std::optional<http::Response> refusal;
  bool is_doubtful = false;
  try {
    co_await dispatch(exchange);
  } catch (const http::ConnectionLost&) {
    throw;
  } catch (const std::exception& error) {
    if (exchange.answered()) throw;
    refusal = answer_to(error, exchange);
    is_doubtful = may_be_for_want_of_the_store(error);
  }
  if (is_doubtful) {
    auto& services = handlers_->services;
    const auto look = [&] { return services.readiness.store_failure(); };
    const auto why = co_await base::offload(services.io, look);
    if (!why.empty()) {
      exchange.set_failure(why, true);
      refusal = error_answer(failed_store(exchange.request().id()));
    }
  }
  if (refusal) co_await exchange.send(std::move(*refusal));
}

net::awaitable<void> Api::dispatch(http::Exchange& exchange) {
  const auto& request = exchange.request();
  if (request.target.path == "*") {  // OPTIONS * asks whether anybody is there
    co_await exchange.send(answer(200));
    co_return;
  }
  if (const auto clean = cleaned(request.target.path)) {
    co_await exchange.send(moved(request, http::percent_encode_path(*clean) + query_of(request)));
    co_return;
  }
  const auto path = without_prefix(request.target.path, options_.prefix);
  const auto match = path ? api::match(*path) : std::nullopt;
  if (!match || (is_upkeep(match->shape) && !options_.api_enabled)) {
    co_await exchange.send(not_found(request, path));
    co_return;
  }
  if (const auto name = name_of(match->shape); !name.empty()) {
    exchange.set_route(name);
    handlers_->services.metrics.begin(name);
  }
  if (!is_probe(request.target.path) && !handlers_->services.readiness.healthy()) {
    throw oci::Error(oci::ErrorCode::unavailable, "health check failed: please see /debug/health");
  }
  if (!name_of(match->shape).empty()) exchange.add_to_answer(options_.headers);
  for (const auto& route : routes_) {
    if (route.shape != match->shape) continue;
    if (!route.method.empty() && route.method != request.method) continue;
    co_await route.handler(exchange, *match);
    co_return;
  }
  if (changes_something(request.method) && options_.readonly) {
    exchange.set_failure("the registry is read-only", false);
  }
  co_await exchange.send(method_not_allowed(request, *match));
}

// Where only the last slash is wrong the client is told where to go, with the escapes and the query
// that it sent.
http::Response Api::not_found(const http::Request& request,
                              const std::optional<std::string>& path) const {
  const auto mended = path ? with_slash_mended(*path) : std::nullopt;
  const bool is_off = mended && is_upkeep(match(*mended)->shape) && !options_.api_enabled;
  if (!mended || is_off) return text_answer(404, "404 page not found\n");
  const std::string_view target = request.raw_target;
  return moved(request,
               with_last_slash_turned(target.substr(0, target.find('?'))) + query_of(request));
}

// What is refused for the time being is said in the form that clients show to people.
http::Response Api::refused_method(std::string_view method) const {
  if (!options_.readonly || !changes_something(method)) {
    return text_answer(405, "Method not allowed\n");
  }
  return error_answer(
      oci::Error(oci::ErrorCode::read_only, "storage.maintenance.readonly.enabled is true"));
}

http::Response Api::method_not_allowed(const http::Request& request, const Match& match) const {
  std::set<std::string_view> allowed;
  for (const auto& route : routes_) {
    if (route.shape == match.shape) allowed.insert(route.method);
  }
  std::string list;
  for (const auto method : allowed) list += (list.empty() ? "" : ", ") + std::string(method);
  auto response = request.method == "OPTIONS" ? answer(200) : refused_method(request.method);
  response.add("Allow", list);
  return response;
}

void Api::completed(const http::Request& request, const http::Outcome& outcome) {
  handlers_->services.metrics.completed(request, outcome);
  // Every few seconds one comes: what is well needs no line.
  const bool is_well = outcome.status < 400 && is_probe(request.target.path);
  if (!is_well) log_request(request, outcome);
}

}  // namespace registry::api
