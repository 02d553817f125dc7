#pragma once

#include "section.hpp"

// A function for each section of the file. `out` has the defaults.
namespace registry::config {

void read_log(Section log, Log& out);
void read_loglevel(Section& root, Log& out);
void read_storage(Section storage, Storage& out);
void read_http(Section http, Http& out);
void read_tls(Section tls, Tls& out);
void read_health(Section health, Health& out);
void read_validation(Section validation, Validation& out);
void read_garbagecollection(Section collection, Garbagecollection& out);
void read_retention(Section retention, Retention& out);
void read_capacity(Section capacity, Capacity& out);
void read_quota(Section quota, std::vector<Quota>& out);
void read_scrub(Section scrub, Scrub& out);

// Sections of which nothing is served: their types are checked, and the operator hears of them.
void read_auth(Section auth);
void read_proxy(Section proxy);
void read_notifications(Section notifications);
void read_redis(Section redis);
void read_middleware(Section middleware);
void read_reporting(Section reporting);
void read_compatibility(Section compatibility);

}  // namespace registry::config
