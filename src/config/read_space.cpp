#include "read.hpp"
#include "values.hpp"

// What makes room in the store, and what watches over it.
namespace registry::config {

void read_garbagecollection(Section collection, Garbagecollection& out) {
  collection.read("enabled", out.enabled);
  collection.read_positive("interval", out.interval);
  collection.read_positive("grace", out.grace);
  collection.read_positive("mingrace", out.mingrace);
  if (out.mingrace > out.grace) {
    collection.refuse("mingrace", "must not be longer than garbagecollection.grace, which is " +
                                      to_text(out.grace));
  }
  collection.warn_of_unknown();
}

void read_capacity(Section capacity, Capacity& out) {
  capacity.read_bytes("limit", out.limit);
  capacity.read_percentage("high", out.high);
  capacity.read_percentage("low", out.low);
  if (out.low >= out.high) {
    capacity.refuse("low",
                    "must be less than capacity.high, which is " + std::to_string(out.high) + "%");
  }
  capacity.read_bytes("reserve", out.reserve);
  capacity.read("evict", out.evict);
  capacity.read_patterns("protect", out.protect);
  // A misspelt `protect` beside `evict` would lose what was to be protected.
  capacity.refuse_unknown();
}

void read_quota(Section quota, std::vector<Quota>& out) {
  for (const auto& repositories : quota.names()) {
    std::uint64_t bytes = 0;
    const auto what = complaint_about_glob(repositories);
    if (!what.empty()) quota.refuse(repositories, what);
    if (!quota.is_set(repositories)) {
      quota.note(repositories);
      continue;
    }
    quota.read_bytes(repositories, bytes);
    out.push_back({repositories, bytes});
  }
}

void read_scrub(Section scrub, Scrub& out) {
  scrub.read("enabled", out.enabled);
  scrub.read_positive("interval", out.interval);
  scrub.read_bytes("rate", out.rate);
  if (out.rate == 0) scrub.refuse("rate", "must be more than nothing");
  scrub.warn_of_unknown();
}

}  // namespace registry::config
