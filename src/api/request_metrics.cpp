#include "registry/api/request_metrics.hpp"

#include "routes.hpp"

namespace registry::api {
namespace {

using prometheus::Histogram;

const Histogram::BucketBoundaries kSeconds = {.005, .01, .025, .05, .1, .25, .5,
                                              1,    2.5, 5,    10,  25, 60};
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kMethods = {{
    {"GET", "get"},
    {"HEAD", "head"},
    {"POST", "post"},
    {"PUT", "put"},
    {"PATCH", "patch"},
    {"DELETE", "delete"},
    {"OPTIONS", "options"},
    {"", "other"},  // whatever else a client may think of is one label
}};

// 1 KiB and 21 times twice as much.
Histogram::BucketBoundaries bytes() {
  Histogram::BucketBoundaries boundaries;
  for (double bytes = 1024; boundaries.size() < 22; bytes *= 2) boundaries.push_back(bytes);
  return boundaries;
}

std::string_view label_of(std::string_view method) {
  for (const auto& [name, label] : kMethods) {
    if (name == method) return label;
  }
  return kMethods.back().second;
}

double head_bytes(const http::Request& request) {
  auto bytes = request.method.size() + request.raw_target.size() + 12;
  for (const auto& [name, value] : request.headers) bytes += name.size() + value.size() + 4;
  return static_cast<double>(bytes);
}

template <class Metric>
prometheus::Family<Metric>& family(prometheus::detail::Builder<Metric> builder, const char* name,
                                   const char* help, base::Metrics& metrics) {
  return builder.Name(name).Help(help).Register(metrics.registry());
}

}  // namespace

RequestMetrics::RequestMetrics(base::Metrics& metrics)
    : requests_(family(prometheus::BuildCounter(), "registry_http_requests_total",
                       "Requests answered.", metrics)),
      seconds_(family(prometheus::BuildHistogram(), "registry_http_request_duration_seconds",
                      "From a request's first byte to its answer's last.", metrics)) {
  auto& cache = family(prometheus::BuildCounter(), "registry_storage_cache_total",
                       "Looks for a manifest or a blob in memory.", metrics);
  cache_requests_ = &cache.Add({{"type", "Request"}});
  cache_hits_ = &cache.Add({{"type", "Hit"}});
  cache_misses_ = &cache.Add({{"type", "Miss"}});
  auto& in_flight = family(prometheus::BuildGauge(), "registry_http_in_flight_requests",
                           "Requests under way.", metrics);
  auto& request_bytes = family(prometheus::BuildHistogram(), "registry_http_request_size_bytes",
                               "Size of the requests, with their heads.", metrics);
  auto& response_bytes = family(prometheus::BuildHistogram(), "registry_http_response_size_bytes",
                                "Size of the bodies of the answers.", metrics);
  for (const auto route : route_names()) {
    const prometheus::Labels labels = {{"handler", std::string(route)}};
    routes_[route] = {&in_flight.Add(labels), &request_bytes.Add(labels, bytes()),
                      &response_bytes.Add(labels, bytes())};
    for (const auto& [_, method] : kMethods) {
      series_[{route, method}].seconds = &seconds_.Add(
          {{"handler", std::string(route)}, {"method", std::string(method)}}, kSeconds);
    }
  }
}

void RequestMetrics::begin(std::string_view route) {
  routes_.at(route).in_flight->Increment();
}

void RequestMetrics::looked_into_cache(bool hit) {
  cache_requests_->Increment();
  (hit ? cache_hits_ : cache_misses_)->Increment();
}

void RequestMetrics::completed(const http::Request& request, const http::Outcome& outcome) {
  if (request.route.empty()) return;
  const auto& route = routes_.at(request.route);
  route.in_flight->Decrement();
  route.request_bytes->Observe(head_bytes(request) + static_cast<double>(outcome.bytes_received));
  route.response_bytes->Observe(static_cast<double>(outcome.bytes_sent));
  const auto method = label_of(request.method);
  auto& series = series_.at({request.route, method});
  series.seconds->Observe(std::chrono::duration<double>(outcome.duration).count());
  counter_of(series, request.route, method, outcome.status).Increment();
}

prometheus::Counter& RequestMetrics::counter_of(Series& series, std::string_view route,
                                                std::string_view method, unsigned status) {
  auto& slot = series.by_status.at(std::min<std::size_t>(status, series.by_status.size() - 1));
  auto* counter = slot.load();
  if (counter == nullptr) {
    counter = &requests_.Add({{"code", std::to_string(status)},
                              {"handler", std::string(route)},
                              {"method", std::string(method)}});
    slot = counter;  // whoever comes at the same time gets the same
  }
  return *counter;
}

}  // namespace registry::api
