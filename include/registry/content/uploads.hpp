#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/base/clock.hpp"
#include "registry/content/blobs.hpp"
#include "registry/content/pins.hpp"
#include "registry/content/store_size.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

// [A-Za-z0-9_.=-]+, not beginning with a dot: safe to use in a path.
bool is_upload_id(std::string_view text);

class Upload;

// Over the bytes of an upload: SHA-256 always, as it is stored by that; SHA-512 where a client has
// said in time that it will want it.
struct UploadHash {
  oci::Sha256 sha256;
  std::optional<oci::Sha512> sha512;

  void update(std::span<const std::byte> data) {
    sha256.update(data);
    if (sha512) sha512->update(data);
  }
};

// The uploads under way. They live in 2.8's own files, so that one goes on after a restart, on
// 2.8 or back here: nothing of it is in memory but which are in use. Blocking; thread-safe.
class Uploads {
 public:
  // `size`, which is told what comes and goes, may be nullptr. All outlives it.
  Uploads(storage::Driver& driver, Pins& pins, RepositoryLocks& locks, Recent& recent,
          StoreSize* size = nullptr);

  // Starts an upload and returns its id, a UUID. Survives a crash of the process. `algorithm`: of
  // the digest that it will have (spec end-4c).
  std::string begin(const oci::RepositoryName& name,
                    oci::Algorithm algorithm = oci::Algorithm::sha256);
  // How many bytes were acknowledged; nullopt: there is no such upload.
  std::optional<std::uint64_t> acknowledged(const oci::RepositoryName& name, std::string_view id);
  // To write on. nullptr: there is no such upload. Throws Error(blob_upload_in_use) while another
  // request has it open.
  std::unique_ptr<Upload> open(const oci::RepositoryName& name, std::string id);
  // Removes all of it. False: there is no such upload. Throws as `open`.
  bool cancel(const oci::RepositoryName& name, std::string_view id);

  // The ids of all that look like uploads, what 2.8 leaves of cancelled ones included.
  std::vector<std::string> ids(const oci::RepositoryName& name);
  // When a client last did something to it, as far as its files say; nullopt: it is gone.
  std::optional<base::WallTime> last_touched(const oci::RepositoryName& name, std::string_view id);
  // Removes it, unless it was touched since `limit` or is in use; false: it was, or it is gone.
  bool remove_untouched(const oci::RepositoryName& name, std::string_view id, base::WallTime limit);

 private:
  friend class Upload;
  // Keeps other requests away from an upload. Comes before any look at its files.
  class Use {
   public:
    Use(Uploads& uploads, std::string key);  // throws Error(blob_upload_in_use)
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();

   private:
    Uploads& uploads_;
    const std::string key_;
  };

  // How far uploads are, and their hashes, as the last request on each left them: so the next one,
  // which mostly comes at once, need not read its states. The files stay the truth: after a failure
  // and after a restart they are read, and so they are of some where there are very many.
  class Kept {
   public:
    void put(const std::string& key, const UploadHash& hash);
    std::optional<UploadHash> take(const std::string& key);

   private:
    std::mutex mutex_;
    std::unordered_map<std::string, UploadHash> hashes_;
  };

  void grew(std::uint64_t bytes);
  void shrank(std::uint64_t bytes);
  bool remove_whole(const oci::RepositoryName& name, std::string_view id);
  void make_files(const oci::RepositoryName& name, std::string_view id, oci::Algorithm algorithm);
  static std::string key_of(const oci::RepositoryName& name, std::string_view id);
  bool exists(const oci::RepositoryName& name, std::string_view id);
  std::set<std::uint64_t> states(const oci::RepositoryName& name, std::string_view id,
                                 oci::Algorithm algorithm = oci::Algorithm::sha256);
  static std::string state_path(const oci::RepositoryName& name, std::string_view id,
                                std::uint64_t offset,
                                oci::Algorithm algorithm = oci::Algorithm::sha256);
  static std::string vouched_for(const oci::Sha256& hash);
  bool was_written_elsewhere(const oci::RepositoryName& name, std::string_view id,
                             const std::set<std::uint64_t>& states);
  std::optional<oci::Sha512> restore_sha512(const oci::RepositoryName& name, std::string_view id,
                                            std::uint64_t offset);
  oci::Sha256 last_vouched_for(const oci::RepositoryName& name, std::string_view id,
                               std::uint64_t size, const std::set<std::uint64_t>& states);

  storage::Driver& driver_;
  Pins& pins_;
  RepositoryLocks& locks_;
  Recent& recent_;
  StoreSize* const size_;
  std::mutex mutex_;
  std::set<std::string> in_use_;
  Kept kept_;
};

// An upload that a request writes to. Blocking; used by one thread at a time, and no other request
// has it meanwhile.
class Upload {
 public:
  Upload(Uploads& uploads, oci::RepositoryName name, std::string id);

  const std::string& id() const { return id_; }
  std::uint64_t offset() const { return hash_.sha256.bytes_hashed(); }

  // The digest that `commit` will be asked for is of this algorithm. Said before the first byte it
  // saves reading all of them again.
  void expect(oci::Algorithm algorithm);
  // So many bytes are about to come. False: the store takes no room in advance. Throws where there
  // is none. What does not come after all is given back by each of the three below.
  bool allocate(std::uint64_t bytes) { return writer_->allocate(bytes); }
  void give_back() { writer_->give_back(); }  // what has not come yet, and may come all the same
  void append(std::span<const std::byte> data);
  // What was appended is acknowledged: it survives a crash of the process; after a power loss the
  // upload says truthfully how far it is.
  void keep();
  // Back to where this request began.
  void roll_back();
  // Makes the upload a blob of its repository; durable. Throws Error(digest_invalid) where the
  // content has another digest: the upload is as it was then.
  BlobInfo commit(const oci::Digest& digest);

 private:
  friend class Uploads;
  bool resume();
  bool go_on_from(const std::optional<UploadHash>& kept);
  void resume_from_files();
  void hash_again(std::uint64_t size);
  oci::Digest sha512();
  oci::Digest digest_like(const oci::Digest& wanted);
  void forget_states_behind(std::uint64_t offset);
  void save_state();
  void forget_states_before(std::uint64_t offset);
  void remove_files();

  Uploads& uploads_;
  const oci::RepositoryName name_;
  const std::string id_;
  const std::string key_;
  const Uploads::Use use_;
  std::unique_ptr<storage::BlobWriter> writer_;
  UploadHash hash_, begun_with_;
  bool moving_ = false;  // from here on the data may be a blob already, and must not be touched
};

}  // namespace registry::content
