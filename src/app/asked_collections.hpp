#pragma once

#include <mutex>

#include "collecting.hpp"
#include "registry/api/collections.hpp"
#include "registry/base/pool.hpp"

namespace registry::app {

// The collections that clients of /api/v1 ask for: by hand, on the pool of all collections. All of
// it outlives what was posted there.
class AskedCollections final : public api::Collections {
 public:
  AskedCollections(Collecting& collecting, base::Pool& pool)
      : collecting_(collecting), pool_(pool) {}

  api::CollectionState state() const override;
  void ask(bool dry_run, bool delete_untagged) override;

 private:
  void run(maintenance::CollectOptions options);

  Collecting& collecting_;
  base::Pool& pool_;
  mutable std::mutex mutex_;
  bool is_asked_for_ = false;  // and has not ended
};

}  // namespace registry::app
