#include "registry/maintenance/retention.hpp"

#include <system_error>

#include "carry_out.hpp"
#include "registry/base/log.hpp"
#include "retention_decision.hpp"
#include "retention_reader.hpp"

namespace registry::maintenance {
namespace {

void log_removal(const Removal& removal, bool dry_run) {
  base::log::Fields fields = {{"repository", removal.repository.str()}};
  if (removal.tag) fields.emplace_back("tag", removal.tag->str());
  fields.emplace_back("digest", removal.sha256.str());
  fields.emplace_back("why", removal.why);
  const std::string what = removal.tag ? "tag" : "manifest";
  base::log::info("retention " + std::string(dry_run ? "would remove a " : "removed a ") + what,
                  fields);
}

}  // namespace

Retained apply_retention(content::Content& content, storage::Driver& driver,
                         const config::Retention& rules, const RetentionRun& run,
                         const std::function<void(const Removal&)>& each) {
  Retained retained;
  content.uses.load();
  RetentionReader reader(content, driver);
  const std::function<void(const Removal&)> note = [&](const Removal& removal) {
    ++(removal.tag ? retained.tags : retained.manifests);
    if (!run.quiet) log_removal(removal, run.dry_run);
    each(removal);
  };
  const auto apply = [&](const oci::RepositoryName& name) {
    const auto* rule = rule_for(rules.rules, name.str());
    if (rule == nullptr || run.stop.stop_requested()) return;
    try {
      // What comes to be needed behind the reader's back is promised after this, and no promise is
      // forgotten meanwhile.
      const content::Pins::Hold hold(content.pins);
      const auto cutoff = run.alone ? content::Pins::kNoPromise
                                    : content::Pins::Clock::now() - content.pins.grace();
      const auto seen = reader.read(name);
      if (!seen) ++retained.unreadable;
      if (seen) {
        carry_out(content, name, decide(*seen, *rule, run.now), {run, cutoff, note});
      }
    } catch (const std::system_error& error) {
      ++retained.unreadable;
      base::log::error("retention failed in a repository",
                       {{"repository", name.str()}, {"err", error.what()}});
    }
  };
  content.catalog.for_each(apply, [](const std::system_error& error) {
    base::log::warn_once("retention cannot read a folder", {{"err", error.what()}});
  });
  return retained;
}

}  // namespace registry::maintenance
