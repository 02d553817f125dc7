#include <cerrno>
#include <system_error>

#include "change.hpp"
#include "hashing.hpp"
#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/content/uploads.hpp"
#include "registry/oci/error.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;
using storage::Survives;

Upload::Upload(Uploads& uploads, oci::RepositoryName name, std::string id)
    : uploads_(uploads),
      name_(std::move(name)),
      id_(std::move(id)),
      key_(Uploads::key_of(name_, id_)),
      use_(uploads, key_) {}

// False: there is none.
bool Upload::resume() {
  const auto kept = uploads_.kept_.take(key_);
  if (!uploads_.exists(name_, id_)) return false;
  writer_ = uploads_.driver_.append(paths::upload_data(name_, id_));
  if (!go_on_from(kept)) resume_from_files();
  begun_with_ = hash_;
  return true;
}

bool Upload::go_on_from(const std::optional<UploadHash>& kept) {
  if (!kept || kept->sha256.bytes_hashed() != writer_->size()) return false;
  hash_ = *kept;
  return true;
}

// Where it ends: ours at the last state that holds, and what lies behind it was never acknowledged.
// One that 2.8 wrote to last is hashed again, once, as far as it came.
void Upload::resume_from_files() {
  auto offset = writer_->size();
  const auto states = uploads_.states(name_, id_);
  const bool began_elsewhere = uploads_.was_written_elsewhere(name_, id_, states);
  if (!began_elsewhere) {
    hash_.sha256 = uploads_.last_vouched_for(name_, id_, offset, states);
    offset = hash_.sha256.bytes_hashed();
    hash_.sha512 = uploads_.restore_sha512(name_, id_, offset);
  }
  forget_states_behind(offset);
  if (began_elsewhere) {
    hash_again(offset);
  } else {
    uploads_.shrank(writer_->size() - offset);
    writer_->truncate(offset);  // and what a process that was killed had allocated
  }
}

void Upload::expect(oci::Algorithm algorithm) {
  if (algorithm != oci::Algorithm::sha512 || hash_.sha512 || offset() > 0) return;
  begun_with_.sha512.emplace();
  hash_.sha512.emplace();
}

// They speak of bytes that are lost: once others have come in their place, nobody could tell.
void Upload::forget_states_behind(std::uint64_t offset) {
  for (const auto algorithm : {oci::Algorithm::sha256, oci::Algorithm::sha512}) {
    const auto states = uploads_.states(name_, id_, algorithm);
    for (auto lost = states.upper_bound(offset); lost != states.end(); ++lost) {
      uploads_.driver_.remove(Uploads::state_path(name_, id_, *lost, algorithm),
                              Survives::power_loss);
    }
  }
}

void Upload::hash_again(std::uint64_t size) {
  const auto reader = uploads_.driver_.open(paths::upload_data(name_, id_));
  const auto update = [&](std::span<const std::byte> data) { hash_.update(data); };
  if (reader) hash_stored(*reader, size, update);
  // From here on it is ours.
  writer_->sync();
  begun_with_ = hash_;  // of 2.8's states none stays
  save_state();
  uploads_.driver_.remove(Uploads::state_path(name_, id_, 0), Survives::process_crash);
}

void Upload::append(std::span<const std::byte> data) {
  hash_.update(data);
  uploads_.grew(data.size());
  writer_->write(data);
}

void Upload::keep() {
  if (offset() != begun_with_.sha256.bytes_hashed()) {
    writer_->sync();  // before the state that vouches for it
    save_state();
    begun_with_ = hash_;
  }
  writer_->give_back();
  uploads_.kept_.put(key_, hash_);
}

// The state before this one stays, for a power loss that takes this one away; older ones go. The
// one of SHA-256 comes last: it is what says how far the upload is.
void Upload::save_state() {
  auto& driver = uploads_.driver_;
  if (offset() > 0) {
    if (hash_.sha512) {
      driver.make(Uploads::state_path(name_, id_, offset(), oci::Algorithm::sha512),
                  hash_.sha512->save());
    }
    driver.make(Uploads::state_path(name_, id_, offset()), Uploads::vouched_for(hash_.sha256));
  }
  forget_states_before(begun_with_.sha256.bytes_hashed());
}

void Upload::forget_states_before(std::uint64_t offset) {
  if (offset == 0) return;
  for (const auto algorithm : {oci::Algorithm::sha256, oci::Algorithm::sha512}) {
    if (algorithm == oci::Algorithm::sha512 && !hash_.sha512) continue;
    for (const auto old : uploads_.states(name_, id_, algorithm)) {
      if (old >= offset) break;
      uploads_.driver_.remove(Uploads::state_path(name_, id_, old, algorithm),
                              Survives::process_crash);
    }
  }
}

void Upload::roll_back() {
  if (moving_) return;  // what is left is sorted out when the upload is opened again
  hash_ = begun_with_;
  if (writer_->size() > offset()) {
    uploads_.shrank(writer_->size() - offset());
    writer_->truncate(offset());
  }
  writer_->give_back();
  uploads_.kept_.put(key_, hash_);
}

// The one case in which received bytes are read again: nobody had said that it would be sha512.
oci::Digest Upload::sha512() {
  writer_->sync();
  const auto reader = uploads_.driver_.open(paths::upload_data(name_, id_));
  if (!reader) throw std::system_error(ENOENT, std::generic_category(), "upload " + id_);
  oci::Sha512 hasher;
  const auto update = [&](std::span<const std::byte> data) { hasher.update(data); };
  hash_stored(*reader, reader->size(), update);
  return hasher.digest();
}

oci::Digest Upload::digest_like(const oci::Digest& wanted) {
  if (wanted.algorithm() == oci::Algorithm::sha256) return hash_.sha256.digest();
  if (hash_.sha512) return hash_.sha512->digest();
  return sha512();
}

BlobInfo Upload::commit(const oci::Digest& digest) {
  const auto sha256 = hash_.sha256.digest();
  const auto actual = digest_like(digest);
  if (actual != digest) {
    throw oci::Error(oci::ErrorCode::digest_invalid, "the content of " + std::to_string(offset()) +
                                                         " bytes has the digest " + actual.str() +
                                                         ", not " + digest.str());
  }
  auto pin = uploads_.pins_.pin(sha256);
  auto& driver = uploads_.driver_;
  const auto stored = stored_size(driver, sha256);
  if (stored != offset()) {
    moving_ = true;
    const Change change([&] {
      if (stored) uploads_.recent_.forget_all();  // a damaged one is replaced
    });
    writer_->commit(paths::blob(sha256));
  }
  if (stored) uploads_.shrank(*stored);  // the one or the other is gone
  {
    const RepositoryLocks::Shared lock(uploads_.locks_, name_);
    write_link(driver, paths::layer_link(name_, sha256), sha256);
    if (digest != sha256) write_link(driver, paths::layer_link(name_, digest), sha256);
    remove_files();
  }
  pin.promise();
  return {sha256, offset()};
}

// The blob is durable: what is left of its upload is litter, and no reason to fail.
void Upload::remove_files() {
  try {
    // No longer there, first of all; then what one or no chunk has left.
    std::vector<storage::Known> known = {{"startedat"}};
    if (const auto saved = begun_with_.sha256.bytes_hashed(); saved > 0) {
      known.push_back({"hashstates/sha256/" + std::to_string(saved)});
      known.push_back({"hashstates/sha256", true});
      known.push_back({"hashstates", true});
    }
    uploads_.driver_.folder(paths::uploads(name_))->remove_tree(id_, known);
  } catch (const std::system_error& error) {
    base::log::warn("cannot remove a finished upload", {{"id", id_}, {"err", error.what()}});
  }
}

}  // namespace registry::content
