#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

#include "answers.hpp"
#include "handlers.hpp"
#include "pages.hpp"
#include "registry/base/offload.hpp"

namespace registry::api {
namespace {

constexpr std::size_t kDefaultCatalogPage = 100;  // as in 2.8
constexpr std::size_t kReferrersPage = 1000;
constexpr std::size_t kShortListBytes = 64 * 1024;  // nearly every one
constexpr std::size_t kEverything = std::numeric_limits<std::size_t>::max();

std::string quoted(const std::string& text) {
  return oci::dump_json(text);
}

// Nothing is listed by a store that is gone as well.
void require_store(Readiness& readiness) {
  if (const auto why = readiness.store_failure(); !why.empty()) throw std::runtime_error(why);
}

// Lists are put together as text: a tree of them would cost many times their bytes.

// An array of names, which have no character that JSON escapes, and what stands around it. Keeps
// what is no longer than `most_bytes`, and counts what the whole has.
class NameArray {
 public:
  NameArray(std::string head, std::size_t most_bytes) : text_(std::move(head)), most_(most_bytes) {
    text_ += '[';
  }
  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  void add(std::string_view name) {
    bytes_ += name.size() + 3;
    if (bytes_ > most_) return;
    if (text_.back() != '[') text_ += ',';
    text_ += '"';
    text_.append(name);
    text_ += '"';
  }
  bool is_whole() const { return bytes_ <= most_; }
  std::size_t bytes() const { return bytes_; }
  std::string finish() { return std::move(text_ += "]}\n"); }

 private:
  std::string text_;
  const std::size_t most_;
  std::size_t bytes_ = 512;  // more than what stands around it
};

std::string json_of(const content::Referrer& referrer) {
  auto json = "{\"mediaType\":" + quoted(referrer.media_type) + ",\"digest\":\"" +
              referrer.digest.str() + "\",\"size\":" + std::to_string(referrer.size_bytes);
  // By name, and of two of one name the last, as other readers see them.
  std::map<std::string_view, const std::string*> by_name;
  for (const auto& [name, value] : referrer.annotations) by_name[name] = &value;
  std::string annotations;
  for (const auto& [name, value] : by_name) {
    annotations +=
        (annotations.empty() ? "" : ",") + quoted(std::string(name)) + ':' + quoted(*value);
  }
  if (!annotations.empty()) json += ",\"annotations\":{" + annotations + '}';
  if (!referrer.artifact_type.empty())
    json += ",\"artifactType\":" + quoted(referrer.artifact_type);
  return json += '}';
}

// Nearly: what escapes need is not in it.
std::size_t bytes_of(const content::Referrer& referrer) {
  auto bytes = referrer.media_type.size() + referrer.artifact_type.size() + 256;
  for (const auto& [key, value] : referrer.annotations) bytes += key.size() + value.size() + 8;
  return bytes;
}

std::string index_of(const std::vector<content::Referrer>& referrers) {
  std::string body = R"({"schemaVersion":2,"mediaType":")";
  body.append(to_string(oci::MediaType::oci_index)).append(R"(","manifests":[)");
  std::size_t more = 0;
  for (const auto& referrer : referrers) more += bytes_of(referrer);
  body.reserve(body.size() + more);
  for (const auto& referrer : referrers) {
    if (&referrer != &referrers.front()) body += ',';
    body += json_of(referrer);
  }
  return body += "]}";
}

}  // namespace

net::awaitable<void> ListHandlers::catalog(Exchange& exchange, const Match&) {
  const auto& request = exchange.request();
  const auto max = options_.catalog_maxentries;
  const auto n = page_size(request, std::min(kDefaultCatalogPage, max), max);
  const auto last = request.target.parameter("last").value_or("");
  content::Listed listed;
  NameArray names("{\"repositories\":", kEverything);
  bool is_empty = true;
  const content::EachName add = [&](std::string_view name) {
    names.add(name);
    is_empty = false;
  };
  const auto list = [&] {
    listed = services_.content.catalog_index.list(last, n, add);
    if (is_empty) require_store(services_.readiness);
  };
  if (n > 0) co_await base::offload(services_.io, list);
  auto response = json_answer(200, names.finish());
  if (listed.more) add_next_link(response, urls_.path("v2/_catalog"), listed.last, n);
  co_await exchange.send(std::move(response));
}

net::awaitable<void> ListHandlers::tags(Exchange& exchange, const Match& match) {
  const auto& request = exchange.request();
  const auto name = repository_name(match);
  const auto max = options_.tags_maxtags == 0 ? kEverything : options_.tags_maxtags;
  const auto n = std::min(page_size(request).value_or(max), max);
  const auto last = request.target.parameter("last").value_or("");
  const auto head = "{\"name\":\"" + name.str() + "\",\"tags\":";
  std::optional<content::Listed> listed;
  std::optional<NameArray> names;
  std::size_t most_bytes = kShortListBytes;
  const auto list = [&] {
    const auto room = names ? names->bytes() : 0;
    names.emplace(head, most_bytes);
    names->reserve(room);
    const content::EachName add = [&](std::string_view tag) { names->add(tag); };
    listed = services_.content.tags.list(name, last, n, add);
  };
  co_await base::offload(services_.io, list);
  // As with referrers: a long list is in memory for as long as its client takes it, so it is put
  // together once there is room for that.
  base::ByteBudget::Reservation paid;
  if (!names->is_whole()) {
    most_bytes = kEverything;
    paid = co_await long_lists_.acquire(names->bytes());
    co_await base::offload(services_.io, list);
  }
  if (!listed) throw unknown_repository(name);
  auto response = json_answer(200, names->finish());
  if (listed->more && n > 0) {
    const auto path = urls_.path("v2/" + name.str() + "/tags/list");
    add_next_link(response, path, listed->last, n);
  }
  co_await exchange.send(std::move(response));
}

// Also of a repository or a subject that is not there: then nothing refers to it.
net::awaitable<void> ListHandlers::referrers(Exchange& exchange, const Match& match) {
  const auto& request = exchange.request();
  const auto name = repository_name(match);
  const auto subject = blob_digest(match.last);
  const auto n =
      std::clamp<std::size_t>(page_size(request).value_or(kReferrersPage), 1, kReferrersPage);
  const auto last = request.target.parameter("last").value_or("");
  auto type = request.target.parameter("artifactType");
  if (type && type->empty()) type.reset();
  const auto prepare = [&] { services_.content.referrers.read_manifests_once(name); };
  co_await base::offload(services_.io, prepare);
  content::ReferrersPage page;
  std::string body;
  const auto list = [&] {
    page = services_.content.referrers.list(name, subject, last, n, type);
    if (page.referrers.empty()) require_store(services_.readiness);
    body = index_of(page.referrers);
    page.referrers.clear();
  };
  // A long list is in memory for as long as its client takes it. So it is put together again once
  // there is room for that, and nobody who looks up others waits for the client.
  base::ByteBudget::Reservation paid = co_await listing_.acquire(2 * oci::kMaxManifestBytes);
  co_await base::offload(services_.io, list);
  const bool is_long = body.size() > kShortListBytes;
  if (is_long) body = std::string();
  paid = base::ByteBudget::Reservation();
  if (is_long) {
    paid = co_await long_lists_.acquire(2 * oci::kMaxManifestBytes);
    co_await base::offload(services_.io, list);
  }
  auto response = answer(200);
  response.with_body(to_string(oci::MediaType::oci_index), std::move(body));
  if (type) response.add("OCI-Filters-Applied", "artifactType");
  if (!page.last.empty()) {
    const auto path = urls_.path("v2/" + name.str() + "/referrers/" + subject.str());
    const auto filter = type ? "&artifactType=" + http::percent_encode(*type) : std::string();
    add_next_link(response, path, page.last, n, filter);
  }
  co_await exchange.send(std::move(response));
}

}  // namespace registry::api
