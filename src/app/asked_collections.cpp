#include "asked_collections.hpp"

#include "registry/base/log.hpp"

namespace registry::app {

api::CollectionState AskedCollections::state() const {
  const std::scoped_lock lock(mutex_);
  auto state = collecting_.state();
  state.is_asked_for = is_asked_for_ && !state.now;
  return state;
}

void AskedCollections::ask(bool dry_run, bool delete_untagged) {
  const std::scoped_lock lock(mutex_);
  if (is_asked_for_) return;
  base::log::info("a collection was asked for",
                  {{"dryrun", dry_run ? "true" : "false"},
                   {"deleteuntagged", delete_untagged ? "true" : "false"}});
  pool_.post([this, dry_run, delete_untagged] {
    maintenance::CollectOptions options;
    options.dry_run = dry_run;
    options.delete_untagged = delete_untagged;
    options.quiet = true;
    run(std::move(options));
  });
  is_asked_for_ = true;  // it is not run before the lock is let go of
}

void AskedCollections::run(maintenance::CollectOptions options) {
  try {
    collecting_.collect_by_hand(std::move(options), {});
  } catch (const std::exception& error) {
    base::log::error("cannot collect what nothing needs", {{"err", error.what()}});
  }
  const std::scoped_lock lock(mutex_);
  is_asked_for_ = false;
}

}  // namespace registry::app
