#include "answers.hpp"
#include "handlers.hpp"
#include "pages.hpp"
#include "registry/base/offload.hpp"
#include "registry/maintenance/image_usage.hpp"

namespace registry::api {
namespace {

constexpr std::size_t kLargest = 100;  // repositories
constexpr std::size_t kUsualPage = 100, kLargestPage = 500;

// Put together as text, as a tree of JSON would cost many times its bytes.

std::string time_or_null(const std::optional<base::WallTime>& time) {
  return time ? '"' + base::rfc3339_seconds(*time) + '"' : "null";
}
std::string number_or_null(const std::optional<std::uint64_t>& number) {
  return number ? std::to_string(*number) : "null";
}

// When the store was counted, and whether nothing was left out.
std::string counted(const maintenance::Usage* usage) {
  const bool is_known = usage != nullptr;
  const auto taken = is_known ? std::optional(usage->taken) : std::nullopt;
  return "{\n  \"taken\": " + time_or_null(taken) +
         ",\n  \"complete\": " + (is_known && usage->is_complete ? "true" : "false");
}

std::string of_repository(const maintenance::Usage* usage, std::string_view name) {
  const auto* found = usage != nullptr ? usage->find(name) : nullptr;
  return maintenance::usage_object(name, found, found != nullptr && usage->is_complete);
}

std::string of_image(const maintenance::ImageUsage& image) {
  const auto& type = image.media_type;
  return "{\"tag\": " + (image.tag ? '"' + *image.tag + '"' : "null") + ", \"digest\": \"" +
         image.digest.str() +
         "\", \"mediaType\": " + (type.empty() ? "null" : oci::dump_json(type)) +
         ", \"pushed\": " + time_or_null(image.pushed) +
         ", \"pulled\": " + time_or_null(image.pulled) +
         ", \"bytes\": " + number_or_null(image.bytes) +
         ", \"unique\": " + number_or_null(image.unique) +
         ", \"frees\": " + number_or_null(image.frees) + '}';
}

void add_line(std::string& list, const std::string& item) {
  list += (list.empty() ? "\n    " : ",\n    ") + item;
}

std::string array(const char* key, const std::string& list) {
  return ",\n  \"" + std::string(key) + "\": [" + list + (list.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

}  // namespace

// As it was last counted; how full the store is, as it is now.
net::awaitable<void> UsageHandlers::store(Exchange& exchange, const Match&) {
  std::string body;
  const auto write = [&] {
    const auto usage = services_.usage.latest();
    const auto volume = services_.content.reservations.fullness();
    body = maintenance::usage_document(usage.get(), volume, kLargest);
  };
  co_await base::offload(services_.io, write);
  co_await exchange.send(fresh_json_answer(200, std::move(body)));
}

net::awaitable<void> UsageHandlers::repositories(Exchange& exchange, const Match&) {
  const auto& request = exchange.request();
  const auto n = page_size(request, kUsualPage, kLargestPage);
  const auto last = request.target.parameter("last").value_or("");
  const auto usage = services_.usage.latest();
  std::string list;
  content::Listed listed;
  const content::EachName add = [&](std::string_view name) {
    add_line(list, of_repository(usage.get(), name));
  };
  const auto look = [&] { listed = services_.content.catalog_index.list(last, n, add); };
  if (n > 0) co_await base::offload(services_.io, look);
  auto response = fresh_json_answer(200, counted(usage.get()) + array("repositories", list));
  if (listed.more) add_next_link(response, urls_.path("api/v1/repositories"), listed.last, n);
  co_await exchange.send(std::move(response));
}

// Its images are weighed as they are now.
net::awaitable<void> UsageHandlers::repository(Exchange& exchange, const Match& match) {
  const auto& request = exchange.request();
  const auto name = repository_name(match);
  const auto n = page_size(request, kUsualPage, kLargestPage);
  const auto last = request.target.parameter("last").value_or("");
  const bool wants_untagged = is_true(request, "untagged");
  const auto list_images =
      wants_untagged ? maintenance::untagged_images : maintenance::tagged_images;
  std::optional<maintenance::ImagesPage> page;
  std::string list;
  const auto look = [&] {
    page = list_images(services_.content, services_.driver, name, last, n);
    if (!page) return;
    for (const auto& image : page->images) add_line(list, of_image(image));
    page->images.clear();
  };
  {
    const auto turn = co_await reading_.acquire();
    co_await base::offload(services_.io, look);
  }
  if (!page) throw unknown_repository(name);
  const auto usage = services_.usage.latest();
  auto response = fresh_json_answer(
      200, counted(usage.get()) + ",\n  \"repository\": " + of_repository(usage.get(), name.str()) +
               array("images", list));
  if (page->more && n > 0) {
    const auto path = urls_.path("api/v1/repositories/" + name.str());
    add_next_link(response, path, page->last, n, wants_untagged ? "&untagged=true" : "");
  }
  co_await exchange.send(std::move(response));
}

}  // namespace registry::api
