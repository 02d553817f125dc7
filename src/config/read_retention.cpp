#include "read.hpp"

// A key that is not known stops the start here, unlike elsewhere: without what it was meant for,
// more would be removed than was asked for.
namespace registry::config {
namespace {

// nullopt where nothing is said of what to keep.
std::optional<Retention::Keep> read_keep(Section section) {
  Retention::Keep keep;
  section.read_patterns("tags", keep.tags);
  section.read_positive("newest", keep.newest);
  section.read_positive("pushedwithin", keep.pushedwithin);
  section.read_positive("pulledwithin", keep.pulledwithin);
  section.refuse_unknown();
  const bool says_nothing =
      keep.tags.empty() && !keep.newest && !keep.pushedwithin && !keep.pulledwithin;
  return says_nothing ? std::nullopt : std::optional(keep);
}

Retention::Rule read_rule(Section section) {
  Retention::Rule rule;
  section.read_patterns("repositories", rule.repositories);
  section.require("repositories");
  rule.keep = read_keep(section.section("keep"));
  section.read("untagged", rule.untagged);
  auto buildcache = section.section("buildcache");
  buildcache.read_bytes("maxsize", rule.buildcache.maxsize);
  buildcache.read_positive("unusedfor", rule.buildcache.unusedfor);
  buildcache.refuse_unknown();
  section.refuse_unknown();
  return rule;
}

}  // namespace

void read_retention(Section retention, Retention& out) {
  retention.read("dryrun", out.dryrun);
  retention.read_positive("interval", out.interval);
  for (const auto& rule : retention.sections("rules")) out.rules.push_back(read_rule(rule));
  retention.refuse_unknown();
}

}  // namespace registry::config
