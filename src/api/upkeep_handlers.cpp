#include "answers.hpp"
#include "handlers.hpp"
#include "pages.hpp"
#include "registry/base/offload.hpp"
#include "registry/maintenance/repository_removal.hpp"
#include "registry/maintenance/retention.hpp"

namespace registry::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kUsualPage = 100, kLargestPage = 1000;  // of what would go
constexpr std::size_t kMostWeighed = 50'000;  // of more it is not said what they free

http::Response answer_with(unsigned status, const Json& document) {
  return fresh_json_answer(status,
                           document.dump(2, ' ', true, Json::error_handler_t::replace) + '\n');
}

Json time_or_null(const std::optional<base::WallTime>& time) {
  return time ? Json(base::rfc3339_seconds(*time)) : Json(nullptr);
}

Json json_of(const std::optional<Collection>& collection) {
  if (!collection) return nullptr;
  const auto& one = *collection;
  return {{"number", one.number},
          {"begun", time_or_null(one.begun)},
          {"ended", time_or_null(one.ended)},
          {"dryrun", one.dry_run},
          {"untagged", one.delete_untagged},
          {"phase", one.ended       ? "ended"
                    : one.is_marked ? "sweep"
                                    : "mark"},
          {"repositories", one.repositories},
          {"marked", one.marked},
          {"blobs", one.blobs},
          {"bytes", one.bytes},
          {"manifests", one.manifests},
          {"kept", one.kept},
          {"damaged", one.damaged},
          {"error", one.error.empty() ? Json(nullptr) : Json(one.error)}};
}

Json json_of(const CollectionState& state) {
  const char* word = state.now ? "running" : state.is_asked_for ? "waiting" : "idle";
  return {{"state", word}, {"now", json_of(state.now)}, {"last", json_of(state.last)}};
}

Json json_of(const maintenance::Removal& removal) {
  return {{"repository", removal.repository.str()},
          {"tag", removal.tag ? Json(removal.tag->str()) : Json(nullptr)},
          {"digest", removal.sha256.str()},
          {"why", removal.why}};
}

}  // namespace

net::awaitable<void> UpkeepHandlers::collection(Exchange& exchange, const Match&) {
  co_await exchange.send(answer_with(200, json_of(services_.collections.state())));
}

net::awaitable<void> UpkeepHandlers::collect(Exchange& exchange, const Match&) {
  const auto& request = exchange.request();
  // Whatever the client means by it: a dry run does no harm.
  const auto dry_run = request.target.parameter("dryrun").value_or("false") != "false";
  const bool takes_untagged = is_true(request, "untagged");
  if (takes_untagged && !dry_run && !options_.delete_enabled) throw deletes_are_off();
  services_.collections.ask(dry_run, takes_untagged);
  auto response = answer_with(202, json_of(services_.collections.state()));
  response.add("Location", urls_.path("api/v1/gc"));
  co_await exchange.send(std::move(response));
}

net::awaitable<void> UpkeepHandlers::remove_repository(Exchange& exchange, const Match& match) {
  const auto name = repository_name(match);
  if (!options_.delete_enabled) throw deletes_are_off();
  std::optional<maintenance::RemovedRepository> removed;
  const auto work = [&] {
    removed =
        maintenance::remove_repository(services_.content, services_.driver, name, services_.ending);
  };
  {
    const auto turn = co_await removing_.acquire();
    co_await base::offload(services_.io, work);
  }
  if (!removed) throw unknown_repository(name);
  const Json document = {
      {"tags", removed->tags}, {"manifests", removed->manifests}, {"kept", removed->kept}};
  co_await exchange.send(answer_with(202, document));
}

net::awaitable<void> UpkeepHandlers::retention(Exchange& exchange, const Match&) {
  const auto n = page_size(exchange.request(), kUsualPage, kLargestPage);
  Json document;
  const auto look = [&] {
    maintenance::RetentionRun run;
    run.dry_run = true;
    run.quiet = true;
    run.stop = services_.ending;
    std::vector<maintenance::Removal> removals;
    maintenance::Retained retained;
    std::optional<std::uint64_t> bytes = 0;
    if (!services_.retention.rules.empty()) {
      retained =
          maintenance::apply_retention(services_.content, services_.driver, services_.retention,
                                       run, [&](const maintenance::Removal& removal) {
                                         if (removals.size() <= kMostWeighed)
                                           removals.push_back(removal);
                                       });
      bytes = removals.size() > kMostWeighed
                  ? std::nullopt
                  : maintenance::freed_bytes(services_.driver, removals, run.stop);
    }
    document = {{"rules", services_.retention.rules.size()},
                {"tags", retained.tags},
                {"manifests", retained.manifests},
                {"unreadable", retained.unreadable},
                {"frees", bytes ? Json(*bytes) : Json(nullptr)},
                {"removals", Json::array()}};
    for (const auto& removal : removals) {
      if (document["removals"].size() < n) document["removals"].push_back(json_of(removal));
    }
  };
  {
    const auto turn = co_await reading_.acquire();
    co_await base::offload(services_.io, look);
  }
  co_await exchange.send(answer_with(200, document));
}

}  // namespace registry::api
