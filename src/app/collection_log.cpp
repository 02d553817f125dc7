#include "collection_log.hpp"

namespace registry::app {

using Wall = std::chrono::system_clock;

void CollectionLog::begin(maintenance::CollectOptions& options) {
  const std::scoped_lock lock(mutex_);
  begun_ = {};
  begun_.number = ++number_;
  begun_.begun = Wall::now();
  begun_.dry_run = options.dry_run;
  begun_.delete_untagged = options.delete_untagged;
  progress_ = std::make_unique<maintenance::CollectProgress>();
  options.progress = progress_.get();
}

api::Collection CollectionLog::under_way() const {
  auto collection = begun_;
  collection.repositories = progress_->repositories;
  collection.is_marked = progress_->is_marked;
  collection.marked = progress_->marked;
  collection.blobs = progress_->blobs;
  collection.bytes = progress_->bytes;
  return collection;
}

void CollectionLog::end(const maintenance::Collected& collected) {
  const std::scoped_lock lock(mutex_);
  auto collection = under_way();
  collection.blobs = collected.blobs;
  collection.bytes = collected.bytes;
  collection.manifests = collected.manifests;
  collection.kept = collected.kept;
  collection.damaged = collected.damaged;
  if (collected.was_ended) collection.error = "the daemon ends, and has ended it";
  if (collected.sweep_was_stopped) {
    collection.error =
        "what could not be read may need any blob, and none was removed: the daemon's log names it";
  }
  finish(std::move(collection));
}

void CollectionLog::fail(const std::string& why) {
  const std::scoped_lock lock(mutex_);
  auto collection = under_way();
  collection.error = why;
  finish(std::move(collection));
}

void CollectionLog::finish(api::Collection collection) {
  collection.ended = Wall::now();
  last_ = std::move(collection);
  progress_.reset();
}

api::CollectionState CollectionLog::state() const {
  const std::scoped_lock lock(mutex_);
  api::CollectionState state;
  if (progress_) state.now = under_way();
  state.last = last_;
  return state;
}

}  // namespace registry::app
