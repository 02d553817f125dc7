#include "registry/content/last_uses.hpp"

#include <algorithm>
#include <sstream>
#include <system_error>
#include <vector>

#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {
namespace {

// The first line of the file, before the time from which on all is known; each other line has a
// repository, a digest, when it was pulled, when it lost a tag, and whether by a rule.
constexpr std::string_view kVersion = "last-uses-1";
constexpr std::size_t kMaxBytes = std::size_t{64} << 20;  // far more than is ever written
constexpr std::int64_t kWrittenEvery = 3600;              // seconds: of pulls of one manifest

std::int64_t seconds_of(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::optional<base::WallTime> time_of(std::int64_t seconds) {
  if (seconds == 0) return std::nullopt;
  return base::WallTime(std::chrono::seconds(seconds));
}

std::string key_of(const oci::RepositoryName& name, const oci::Digest& sha256) {
  return name.str() + ' ' + sha256.str();
}

std::int64_t last_of(const Use& use) {
  return std::max(use.pulled.load(), use.untagged.load());
}

void raise_to(std::atomic<std::int64_t>& time, std::int64_t seconds) {
  auto old = time.load();
  while (old < seconds && !time.compare_exchange_weak(old, seconds)) {
  }
}

}  // namespace

// A store only where it changes something: many threads may read one manifest.
void Use::pull(base::WallTime now) {
  const auto seconds = seconds_of(now);
  if (pulled.load(std::memory_order_relaxed) < seconds) raise_to(pulled, seconds);
}

LastUses::LastUses(storage::Driver& driver, std::size_t most, base::WallTime start)
    : driver_(driver),
      most_(std::max<std::size_t>(most, 1)),
      since_(seconds_of(start + std::chrono::nanoseconds(999'999'999))) {}

void LastUses::load() {
  const std::scoped_lock file(file_);
  if (is_loaded_) return;
  is_loaded_ = true;
  must_write_ = true;  // since when all is known, where no file says so yet
  try {
    const auto text = driver_.get(storage::paths::kLastUses, kMaxBytes);
    must_write_ = !text || !take(*text);
    if (!text || !must_write_) return;
    base::log::warn("the record of the last pulls is damaged and counts as absent",
                    {{"path", storage::paths::kLastUses}});
  } catch (const std::system_error& error) {
    base::log::warn("the record of the last pulls cannot be read and counts as absent",
                    {{"err", error.what()}});
  }
}

// What the process has seen meanwhile is newer. False: nothing was taken.
bool LastUses::take(const std::string& text) {
  std::istringstream lines(text);
  std::string version, line;
  std::int64_t since = 0;
  if (!(lines >> version >> since) || version != kVersion || since <= 0) return false;
  std::getline(lines, line);
  const std::scoped_lock lock(mutex_);
  const auto before = entries_;
  const auto since_before = since_;
  since_ = std::min(since_, since);  // first: where there is no room for all it is raised again
  while (std::getline(lines, line)) {
    if (take_line(line)) continue;
    entries_ = before;
    since_ = since_before;
    return false;
  }
  return true;
}

bool LastUses::take_line(const std::string& line) {
  std::istringstream words(line);
  std::string name, digest, rest;
  std::int64_t pulled = -1, untagged = -1;
  bool by_rule = false;
  if (!(words >> name >> digest >> pulled >> untagged >> by_rule) || words >> rest) return false;
  const auto repository = oci::RepositoryName::parse(name);
  const auto sha256 = oci::Digest::parse(digest);
  if (!repository || !sha256 || pulled < 0 || untagged < 0) return false;
  auto& entry = entry_of(key_of(*repository, *sha256));
  entry.written_pulled = pulled;
  entry.written_untagged = untagged;
  raise_to(entry.use->pulled, pulled);
  if (entry.use->untagged.load() < untagged) entry.use->untagged_by_rule = by_rule;
  raise_to(entry.use->untagged, untagged);
  return true;
}

bool LastUses::is_due(const Entry& entry, bool all) {
  const auto pulled = entry.use->pulled.load();
  if (entry.use->untagged.load() != entry.written_untagged) return true;
  return pulled - entry.written_pulled >= (all ? 1 : kWrittenEvery);
}

void LastUses::save(bool all) {
  const std::scoped_lock file(file_);
  if (!is_loaded_) return;
  std::string written;
  {
    const std::scoped_lock lock(mutex_);
    const bool any_is_due =
        std::ranges::any_of(entries_, [&](const auto& entry) { return is_due(entry.second, all); });
    if (!any_is_due && !must_write_) return;
    written = text();
  }
  must_write_ = true;
  driver_.put(storage::paths::kLastUses, written, storage::Survives::power_loss);
  must_write_ = false;
}

std::string LastUses::text() {
  std::string text = std::string(kVersion) + ' ' + std::to_string(since_) + '\n';
  for (auto& [key, entry] : entries_) {
    const auto pulled = entry.use->pulled.load(), untagged = entry.use->untagged.load();
    if (pulled == 0 && untagged == 0) continue;
    entry.written_pulled = pulled;
    entry.written_untagged = untagged;
    text += key + ' ' + std::to_string(pulled) + ' ' + std::to_string(untagged) +
            (entry.use->untagged_by_rule ? " 1\n" : " 0\n");
  }
  return text;
}

LastUses::Entry& LastUses::entry_of(const std::string& key) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) return found->second;
  if (entries_.size() >= most_) make_room();
  auto& entry = entries_[key];
  entry.use = std::make_shared<Use>();
  return entry;
}

// Drops a tenth. From then on nothing is known for certain of the time before their last use.
void LastUses::make_room() {
  std::vector<std::int64_t> times;
  times.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) times.push_back(last_of(*entry.use));
  const auto limit = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10);
  std::ranges::nth_element(times, limit);
  auto left = times.size() / 10 + 1;
  std::erase_if(entries_, [&](const auto& entry) {
    const auto last = last_of(*entry.second.use);
    if (left == 0 || last > *limit) return false;
    since_ = std::max(since_, last);
    --left;
    return true;
  });
}

std::shared_ptr<Use> LastUses::of(const oci::RepositoryName& name, const oci::Digest& sha256) {
  const auto key = key_of(name, sha256);
  const std::scoped_lock lock(mutex_);
  return entry_of(key).use;
}

void LastUses::untagged(const oci::RepositoryName& name, const oci::Digest& sha256,
                        base::WallTime now, bool by_rule) {
  const auto use = of(name, sha256);
  use->untagged_by_rule = by_rule;
  raise_to(use->untagged, seconds_of(now));
}

void LastUses::forget(const oci::RepositoryName& name, const oci::Digest& sha256) {
  const std::scoped_lock lock(mutex_);
  entries_.erase(key_of(name, sha256));
}

LastUse LastUses::find(const oci::RepositoryName& name, const oci::Digest& sha256,
                       base::WallTime pushed) const {
  const std::scoped_lock lock(mutex_);
  LastUse last;
  const auto found = entries_.find(key_of(name, sha256));
  if (found != entries_.end()) {
    const auto& use = *found->second.use;
    last = {time_of(use.pulled), time_of(use.untagged), use.untagged_by_rule};
  }
  if (seconds_of(pushed) >= since_) return last;
  const auto since = time_of(since_);
  last.pulled = last.pulled ? std::max(last.pulled, since) : since;
  return last;
}

}  // namespace registry::content
