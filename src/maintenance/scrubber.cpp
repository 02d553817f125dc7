#include "registry/maintenance/scrubber.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <system_error>

#include "image_hits.hpp"
#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/content/quarantine.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/paths.hpp"
#include "throttle.hpp"

namespace registry::maintenance {

namespace log = base::log;
namespace paths = storage::paths;

namespace {

using Clock = Throttle::Clock;
using Report = std::function<void(const DamagedBlob&)>;

// Of what a disk has lost or garbled; filesystems with checksums have their own.
bool is_of_the_disk(const std::system_error& error) {
  constexpr std::array kErrors = {EIO, EUCLEAN, EBADMSG};
  return std::ranges::find(kErrors, error.code().value()) != kErrors.end();
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "no image" : text;
}

class Scrubber {
 public:
  Scrubber(storage::Driver& driver, content::Pins& pins, content::Recent& recent,
           const ScrubOptions& options, const Report& report)
      : driver_(driver),
        pins_(pins),
        recent_(recent),
        stop_(options.stop),
        metrics_(options.metrics),
        report_(report),
        throttle_(options.rate) {}
  Scrubbed run();

 private:
  struct Fault {
    std::string why;
    bool is_read_error = false;
  };
  struct Waiting {  // for those who rely on it to let go
    DamagedBlob blob;
    std::unique_ptr<storage::BlobReader> reader;
  };

  void look_at_shelf(const std::string& shelf);
  void look_at(const oci::Digest& sha256);
  void read_whole(const oci::Digest& sha256, std::unique_ptr<storage::BlobReader> reader);
  std::optional<Fault> fault_of(storage::BlobReader& reader, const oci::Digest& sha256);
  void hash(storage::BlobReader& reader, oci::Sha256& hasher);
  void found(DamagedBlob blob, std::unique_ptr<storage::BlobReader> reader, bool is_read_error);
  bool take(DamagedBlob& blob, const storage::BlobReader& reader);
  void wait_for_pinned();
  void leave(DamagedBlob blob);
  void add(DamagedBlob blob);
  void report_all();
  void cannot_look_at(const oci::Digest& sha256, const std::string& why);

  storage::Driver& driver_;
  content::Pins& pins_;
  content::Recent& recent_;
  const std::stop_token stop_;
  ScrubMetrics metrics_;
  const Report& report_;
  Throttle throttle_;
  std::vector<std::byte> block_{std::size_t{256} * 1024};
  std::size_t read_errors_ = 0;
  std::vector<Waiting> waiting_;
  std::vector<DamagedBlob> damaged_;  // not reported yet
  Scrubbed scrubbed_;
};

// A file costs more than its bytes.
void Scrubber::hash(storage::BlobReader& reader, oci::Sha256& hasher) {
  constexpr std::uint64_t kLeast = 4096;
  for (std::uint64_t offset = 0; offset < reader.size();) {
    const auto wanted = std::min<std::uint64_t>(block_.size(), reader.size() - offset);
    const auto begin = throttle_.take(std::max(wanted, kLeast), Clock::now());
    if (!sleep_until(begin, stop_)) return;
    const auto n = reader.read(offset, std::span(block_).first(wanted));
    if (n == 0) return;
    hasher.update(std::span(block_).first(n));
    offset += n;
    scrubbed_.bytes += n;
    metrics_.read(n);
  }
}

// Means nothing once `stop_` was asked for.
std::optional<Scrubber::Fault> Scrubber::fault_of(storage::BlobReader& reader,
                                                  const oci::Digest& sha256) {
  if (reader.size() == 0 && sha256 != oci::empty_digest()) return Fault{"it has lost its bytes"};
  oci::Sha256 hasher;
  try {
    hash(reader, hasher);
  } catch (const std::system_error& error) {
    if (!is_of_the_disk(error)) throw;
    return Fault{error.what(), true};
  }
  if (hasher.digest() == sha256) return std::nullopt;
  return Fault{"its content has the digest " + hasher.digest().str()};
}

void Scrubber::look_at(const oci::Digest& sha256) {
  if (stop_.stop_requested()) return;
  try {
    auto reader = driver_.open(paths::blob(sha256));
    if (reader) read_whole(sha256, std::move(reader));
  } catch (const std::system_error& error) {
    cannot_look_at(sha256, error.what());
  }
}

// What was wrong once may have been the memory, or the way from the disk: it is read again.
void Scrubber::read_whole(const oci::Digest& sha256, std::unique_ptr<storage::BlobReader> reader) {
  auto fault = fault_of(*reader, sha256);
  if (fault) fault = fault_of(*reader, sha256);
  if (stop_.stop_requested()) return;
  ++scrubbed_.blobs;
  metrics_.looked_at_blob();
  if (!fault) return;
  DamagedBlob blob{sha256, reader->size(), fault->why, {}, {}};
  found(std::move(blob), std::move(reader), fault->is_read_error);
}

// Where very many cannot be read it is the disk as a whole, or its cable: what it has may be good.
void Scrubber::found(DamagedBlob blob, std::unique_ptr<storage::BlobReader> reader,
                     bool is_read_error) {
  constexpr std::size_t kMostReadErrors = 16, kMostWaiting = 64;
  if (is_read_error && ++read_errors_ > kMostReadErrors) {
    cannot_look_at(blob.sha256, blob.why + "; so many cannot be read that it stays where it is");
    return;
  }
  if (take(blob, *reader)) return;
  if (waiting_.size() < kMostWaiting) {
    waiting_.push_back({std::move(blob), std::move(reader)});
  } else {
    leave(std::move(blob));
  }
}

// False: somebody relies on it.
bool Scrubber::take(DamagedBlob& blob, const storage::BlobReader& reader) {
  using State = content::Quarantined::State;
  try {
    auto taken = content::quarantine(driver_, pins_, recent_, blob.sha256, reader);
    if (taken.state == State::pinned) return false;
    if (taken.state == State::replaced) return true;
    blob.quarantine = std::move(taken.path);
  } catch (const std::system_error& error) {
    blob.why += std::string("; it cannot be moved: ") + error.what();
  }
  add(blob);
  return true;
}

// Requests rely on a blob for a moment.
void Scrubber::wait_for_pinned() {
  constexpr int kTries = 10;
  constexpr std::chrono::milliseconds kPause{100};
  for (int i = 0; i < kTries && !waiting_.empty(); ++i) {
    if (!sleep_until(Clock::now() + kPause, stop_)) break;
    std::erase_if(waiting_, [&](Waiting& one) { return take(one.blob, *one.reader); });
  }
  for (auto& one : waiting_) leave(std::move(one.blob));
  waiting_.clear();
}

void Scrubber::leave(DamagedBlob blob) {
  blob.why += "; requests rely on it: the next run takes it";
  add(std::move(blob));
}

void Scrubber::add(DamagedBlob blob) {
  constexpr std::size_t kMost = 1000;  // at a time, for which all manifests are read
  ++scrubbed_.damaged;
  metrics_.found_damage();
  damaged_.push_back(std::move(blob));
  if (damaged_.size() == kMost) report_all();
}

void Scrubber::report_all() {
  if (damaged_.empty()) return;
  std::set<oci::Digest> digests;
  for (const auto& blob : damaged_) digests.insert(blob.sha256);
  auto hits = find_image_hits(driver_, digests, stop_);
  for (auto& blob : damaged_) {
    blob.hits = hits.by_blob[blob.sha256];
    if (!hits.is_complete) blob.hits.emplace_back("others perhaps, as not all could be read");
    log::warn("a damaged blob was found", {{"digest", blob.sha256.str()},
                                           {"bytes", std::to_string(blob.size_bytes)},
                                           {"why", blob.why},
                                           {"now", blob.quarantine},
                                           {"images", joined(blob.hits)}});
    if (report_) report_(blob);
  }
  damaged_.clear();
}

void Scrubber::cannot_look_at(const oci::Digest& sha256, const std::string& why) {
  ++scrubbed_.unreadable;
  log::warn("a blob cannot be read", {{"digest", sha256.str()}, {"err", why}});
}

void Scrubber::look_at_shelf(const std::string& shelf) {
  if (stop_.stop_requested()) return;
  const bool readable = for_each_digest(driver_, paths::kBlobs + '/' + shelf,
                                        oci::Algorithm::sha256, [&](const oci::Digest& sha256) {
                                          if (sha256.hex().starts_with(shelf)) look_at(sha256);
                                        });
  if (!readable) ++scrubbed_.unreadable;
}

Scrubbed Scrubber::run() {
  const bool readable = for_each_directory(driver_, paths::kBlobs,
                                           [&](const std::string& shelf) { look_at_shelf(shelf); });
  if (!readable) ++scrubbed_.unreadable;
  wait_for_pinned();
  report_all();
  scrubbed_.was_stopped = stop_.stop_requested();
  if (!scrubbed_.was_stopped) metrics_.completed(std::chrono::system_clock::now());
  return scrubbed_;
}

}  // namespace

std::string to_string(const DamagedBlob& blob) {
  const auto place = blob.quarantine.empty() ? "still in its place (" + blob.why + ')'
                                             : "quarantined as " + blob.quarantine;
  return blob.sha256.str() + ' ' + std::to_string(blob.size_bytes) + " damaged: " + place +
         "; hits: " + joined(blob.hits);
}

Scrubbed scrub(storage::Driver& driver, content::Pins& pins, content::Recent& recent,
               const ScrubOptions& options, const Report& report) {
  return Scrubber(driver, pins, recent, options, report).run();
}

}  // namespace registry::maintenance
