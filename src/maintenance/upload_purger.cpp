#include "registry/maintenance/upload_purger.hpp"

#include <system_error>

#include "registry/base/log.hpp"

namespace registry::maintenance {
namespace log = base::log;

namespace {

void purge_one(content::Uploads& uploads, const oci::RepositoryName& name, const std::string& id,
               base::WallTime limit, bool dry_run, Purged& purged) {
  const auto touched = uploads.last_touched(name, id);
  if (!touched || *touched >= limit) return;
  ++purged.found;
  const log::Fields fields = {
      {"repository", name.str()}, {"id", id}, {"lasttouched", base::rfc3339_seconds(*touched)}};
  if (dry_run) {
    log::info("upload would be purged", fields);
  } else if (uploads.remove_untouched(name, id, limit)) {
    ++purged.removed;
    log::info("upload purged", fields);
  }
}

}  // namespace

Purged purge_uploads(content::Content& content, base::WallTime limit, bool dry_run) {
  Purged purged;
  const auto failed = [](const std::system_error& error) {
    log::warn_once("cannot purge uploads", {{"err", error.what()}});
  };
  // One that cannot be read stands in nobody's way.
  const auto try_one = [&](const oci::RepositoryName& name, const std::string& id) {
    try {
      purge_one(content.uploads, name, id, limit, dry_run, purged);
    } catch (const std::system_error& error) {
      failed(error);
    }
  };
  const auto purge = [&](const oci::RepositoryName& name) {
    try {
      for (const auto& id : content.uploads.ids(name)) try_one(name, id);
    } catch (const std::system_error& error) {
      failed(error);
    }
  };
  content.catalog.for_each(purge, failed);
  return purged;
}

}  // namespace registry::maintenance
