#include "registry/content/uploads.hpp"

#include <algorithm>

#include "links.hpp"
#include "registry/base/clock.hpp"
#include "registry/base/uuid.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/range.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;
using storage::Survives;

namespace {
constexpr std::size_t kMaxStates = 10'000;

// Set in a state of ours in the last byte of the block, which no hash ever uses: 2.8 leaves it
// zero, and does not look at it. It says that the data was synced before the state was written.
constexpr std::size_t kMarkAt = 4 + 8 * 4 + 63;
constexpr char kMark = '\x01';

bool has_mark(const std::string& state) {
  return state.size() > kMarkAt && state[kMarkAt] == kMark;
}
}  // namespace

bool is_upload_id(std::string_view text) {
  if (text.empty() || text.size() > 128 || text.front() == '.') return false;
  return std::ranges::all_of(text, [](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || c == '-' || c == '_' || c == '.' || c == '=';
  });
}

Uploads::Uploads(storage::Driver& driver, Pins& pins, RepositoryLocks& locks, Recent& recent,
                 StoreSize* size)
    : driver_(driver), pins_(pins), locks_(locks), recent_(recent), size_(size) {}

void Uploads::grew(std::uint64_t bytes) {
  if (size_ != nullptr) size_->grew(bytes);
}

void Uploads::shrank(std::uint64_t bytes) {
  if (size_ != nullptr) size_->shrank(bytes);
}

bool Uploads::remove_whole(const oci::RepositoryName& name, std::string_view id) {
  const bool counts = size_ != nullptr && size_->is_counted();
  const auto data = counts ? driver_.stat(paths::upload_data(name, id)) : std::nullopt;
  if (!driver_.remove_tree(paths::upload(name, id), Survives::process_crash)) return false;
  if (data) shrank(data->size_bytes);
  return true;
}

Uploads::Use::Use(Uploads& uploads, std::string key) : uploads_(uploads), key_(std::move(key)) {
  const std::scoped_lock lock(uploads_.mutex_);
  if (uploads_.in_use_.insert(key_).second) return;
  throw oci::Error(oci::ErrorCode::blob_upload_in_use,
                   "another request is writing to this upload: wait for its end, ask for the "
                   "status, and go on from there");
}

Uploads::Use::~Use() {
  const std::scoped_lock lock(uploads_.mutex_);
  uploads_.in_use_.erase(key_);
}

void Uploads::Kept::put(const std::string& key, const UploadHash& hash) {
  constexpr std::size_t kMost = 1024;  // of half a kilobyte each
  const std::scoped_lock lock(mutex_);
  if (hashes_.size() >= kMost) hashes_.erase(hashes_.begin());
  hashes_.insert_or_assign(key, hash);
}

std::optional<UploadHash> Uploads::Kept::take(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  const auto found = hashes_.find(key);
  if (found == hashes_.end()) return std::nullopt;
  auto hash = found->second;
  hashes_.erase(found);
  return hash;
}

std::string Uploads::begin(const oci::RepositoryName& name, oci::Algorithm algorithm) {
  auto id = base::make_uuid();
  try {
    make_files(name, id, algorithm);
  } catch (const std::system_error&) {
    // On a full disk clients come again and again: nothing is left of each time.
    try {
      driver_.remove_tree(paths::upload(name, id), Survives::process_crash);
    } catch (const std::system_error&) {
      // The purger finds it.
    }
    throw;
  }
  UploadHash none;
  if (algorithm == oci::Algorithm::sha512) none.sha512.emplace();
  kept_.put(key_of(name, id), none);
  return id;
}

void Uploads::make_files(const oci::RepositoryName& name, std::string_view id,
                         oci::Algorithm algorithm) {
  driver_.make(paths::upload_data(name, id), "");
  // The state of no bytes says that there is to be one of all.
  if (algorithm == oci::Algorithm::sha512) {
    driver_.make(state_path(name, id, 0, algorithm), oci::Sha512().save());
  }
  // Last: it says that the upload is there.
  driver_.make(paths::upload_started_at(name, id),
               base::rfc3339_seconds(std::chrono::system_clock::now()));
}

bool Uploads::exists(const oci::RepositoryName& name, std::string_view id) {
  return driver_.stat(paths::upload_started_at(name, id)).has_value();
}

std::string Uploads::key_of(const oci::RepositoryName& name, std::string_view id) {
  return name.str() + ' ' + std::string(id);
}

std::set<std::uint64_t> Uploads::states(const oci::RepositoryName& name, std::string_view id,
                                        oci::Algorithm algorithm) {
  std::set<std::uint64_t> offsets;
  const auto entries = driver_.list(paths::upload_states(name, id, algorithm), "", kMaxStates);
  if (!entries) return offsets;
  for (const auto& entry : *entries) {
    if (const auto offset = oci::parse_unsigned(entry.name)) offsets.insert(*offset);
  }
  return offsets;
}

std::string Uploads::state_path(const oci::RepositoryName& name, std::string_view id,
                                std::uint64_t offset, oci::Algorithm algorithm) {
  return paths::upload_states(name, id, algorithm) + '/' + std::to_string(offset);
}

std::optional<oci::Sha512> Uploads::restore_sha512(const oci::RepositoryName& name,
                                                   std::string_view id, std::uint64_t offset) {
  const auto state = read_small(driver_, state_path(name, id, offset, oci::Algorithm::sha512));
  return state ? oci::Sha512::restore(*state, offset) : std::nullopt;
}

std::string Uploads::vouched_for(const oci::Sha256& hash) {
  auto state = hash.save();
  state[kMarkAt] = kMark;
  return state;
}

// 2.8 writes a state before it syncs the data, so that its states prove nothing. The last one that
// can be read is of whoever wrote last.
bool Uploads::was_written_elsewhere(const oci::RepositoryName& name, std::string_view id,
                                    const std::set<std::uint64_t>& states) {
  for (auto at = states.rbegin(); at != states.rend(); ++at) {
    const auto state = read_small(driver_, state_path(name, id, *at));
    if (state && oci::Sha256::restore(*state, *at)) return !has_mark(*state);
  }
  return false;
}

// The last state that holds: the data was synced before it was written.
oci::Sha256 Uploads::last_vouched_for(const oci::RepositoryName& name, std::string_view id,
                                      std::uint64_t size, const std::set<std::uint64_t>& states) {
  for (auto at = states.rbegin(); at != states.rend(); ++at) {
    const auto state = *at > size ? std::nullopt : read_small(driver_, state_path(name, id, *at));
    if (!state || !has_mark(*state)) continue;
    if (auto hasher = oci::Sha256::restore(*state, *at)) return *hasher;
  }
  return {};
}

std::optional<std::uint64_t> Uploads::acknowledged(const oci::RepositoryName& name,
                                                   std::string_view id) {
  if (!exists(name, id)) return std::nullopt;
  const auto data = driver_.stat(paths::upload_data(name, id));
  const auto size = data ? data->size_bytes : 0;
  const auto offsets = states(name, id);
  if (was_written_elsewhere(name, id, offsets)) return size;
  return last_vouched_for(name, id, size, offsets).bytes_hashed();
}

std::unique_ptr<Upload> Uploads::open(const oci::RepositoryName& name, std::string id) {
  auto upload = std::make_unique<Upload>(*this, name, std::move(id));
  return upload->resume() ? std::move(upload) : nullptr;
}

bool Uploads::cancel(const oci::RepositoryName& name, std::string_view id) {
  const auto key = key_of(name, id);
  const Use use(*this, key);
  kept_.take(key);
  return exists(name, id) && remove_whole(name, id);
}

std::vector<std::string> Uploads::ids(const oci::RepositoryName& name) {
  constexpr std::size_t kMost = 100'000;  // of one repository, in one go
  std::vector<std::string> ids;
  const auto entries = driver_.list(paths::uploads(name), "", kMost);
  if (!entries) return ids;
  for (const auto& entry : *entries) {
    if (entry.is_directory && is_upload_id(entry.name)) ids.push_back(entry.name);
  }
  return ids;
}

// The last of: when it began, when its bytes were last added to, when a file last came or went.
std::optional<base::WallTime> Uploads::last_touched(const oci::RepositoryName& name,
                                                    std::string_view id) {
  const auto directory = driver_.stat(paths::upload(name, id));
  if (!directory) return std::nullopt;
  auto last = directory->modified;
  if (const auto data = driver_.stat(paths::upload_data(name, id))) {
    last = std::max(last, data->modified);
  }
  const auto text = read_small(driver_, paths::upload_started_at(name, id));
  const auto started = text ? base::parse_rfc3339(*text) : std::nullopt;
  return started ? std::max(last, *started) : last;
}

bool Uploads::remove_untouched(const oci::RepositoryName& name, std::string_view id,
                               base::WallTime limit) {
  const auto is_untouched = [&] {
    const auto touched = last_touched(name, id);
    return touched && *touched < limit;
  };
  // Asked before it is used, too: a client that comes meanwhile is not to be told that it is in
  // use.
  if (!is_untouched()) return false;
  const auto key = key_of(name, id);
  std::optional<Use> use;
  try {
    use.emplace(*this, key);
  } catch (const oci::Error&) {
    return false;  // a request is writing to it
  }
  if (!is_untouched()) return false;
  kept_.take(key);
  return remove_whole(name, id);
}

}  // namespace registry::content
