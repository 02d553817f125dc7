#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace registry::api {

// The shapes of paths (CONTRACT 1). `name` and `last` are not validated yet: the handlers do that,
// and say what is wrong.
enum class Shape {
  root,          // /
  live,          // /livez and /healthz
  ready,         // /readyz
  base,          // /v2/
  catalog,       // /v2/_catalog
  tags,          // /v2/<name>/tags/list
  manifest,      // /v2/<name>/manifests/<last>
  blob,          // /v2/<name>/blobs/<last>
  uploads,       // /v2/<name>/blobs/uploads/
  upload,        // /v2/<name>/blobs/uploads/<last>
  referrers,     // /v2/<name>/referrers/<last>
  usage,         // /api/v1/usage
  repositories,  // /api/v1/repositories
  repository,    // /api/v1/repositories/<name>
  collection,    // /api/v1/gc
  retention,     // /api/v1/retention
};

// Whether it is of the API that looks after the store, not of that of clients.
bool is_upkeep(Shape shape);

// As 2.8's metrics call them, and "api" for what is_upkeep; empty: not counted.
std::string_view name_of(Shape shape);
std::vector<std::string_view> route_names();

struct Match {
  Shape shape;
  std::string name;
  std::string last;
};

// Of a decoded path. A name may itself hold words like "blobs": the end of the path decides.
std::optional<Match> match(std::string_view path);

// Of an orchestrator: /livez, /readyz, /healthz, whatever the prefix is.
bool is_probe(std::string_view path);

// As Go's servers clean a path: no doubled slashes, no "." and no ".."; a slash at the end stays.
// nullopt: there is nothing to clean.
std::optional<std::string> cleaned(std::string_view path);

// Without its last slash where there is one, with one where there is none.
std::string with_last_slash_turned(std::string_view path);

// Where a path that differs only by its last slash belongs; nullopt: it is none of those.
std::optional<std::string> with_slash_mended(std::string_view path);

}  // namespace registry::api
