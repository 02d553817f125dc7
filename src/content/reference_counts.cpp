#include "registry/content/reference_counts.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "registry/base/uuid.hpp"
#include "registry/oci/hasher.hpp"

namespace registry::content {
namespace {

constexpr std::size_t kMostLetGo = 100'000;  // beyond that the whole store is marked rather

std::uint64_t number_of(std::string_view hex) {
  std::uint64_t number = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
  return number;
}

std::uint64_t short_key_of(const oci::Digest& digest) {
  return number_of(digest.hex().substr(0, 16));
}

}  // namespace

struct ReferenceCounts::Needs {
  Key manifest;
  std::vector<const oci::Digest*> digests;  // each once: itself, and what it names
  std::vector<ShortKey> in_repository;      // of each of them
  std::vector<ShortKey> keys;               // all that it counts for
  bool is_plain = true;                     // it names nothing by a sha512
};

ReferenceCounts::ReferenceCounts(std::size_t most_bytes)
    : most_bytes_(most_bytes), salt_(base::make_uuid()) {}

bool ReferenceCounts::Table::add(const Key& manifest, std::span<const ShortKey> keys,
                                 bool is_plain) {
  if (!manifests.insert(manifest).second) return false;
  for (const auto key : keys) ++counts[key];
  if (!is_plain) ++named_otherwise;
  return true;
}

bool ReferenceCounts::Table::remove(const Key& manifest, std::span<const ShortKey> keys,
                                    bool is_plain) {
  if (manifests.erase(manifest) == 0) return false;
  for (const auto key : keys) {
    const auto found = counts.find(key);
    if (found != counts.end() && --found->second == 0) counts.erase(found);
  }
  if (!is_plain) --named_otherwise;
  return true;
}

std::size_t ReferenceCounts::Table::count_of(ShortKey key) const {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

std::size_t ReferenceCounts::Table::bytes() const {
  return manifests.bucket_count() * sizeof(Key) +
         counts.bucket_count() * sizeof(std::pair<ShortKey, std::uint32_t>);
}

// Nobody outside knows the salt: so nobody can make names, or digests, that fall together with
// others.
ReferenceCounts::Key ReferenceCounts::salted(const oci::RepositoryName& name) const {
  const auto digest = oci::digest_of(salt_ + name.str());
  const auto hex = digest.hex();
  return {number_of(hex.substr(0, 16)), number_of(hex.substr(16, 16))};
}

ReferenceCounts::Needs ReferenceCounts::needs_of(const oci::RepositoryName& name,
                                                 const oci::Digest& sha256,
                                                 std::span<const oci::Digest> references) const {
  const auto repository = salted(name);
  const auto hex = sha256.hex();
  Needs needs;
  needs.manifest = {repository.high ^ number_of(hex.substr(0, 16)),
                    repository.low ^ number_of(hex.substr(16, 16))};
  needs.digests.push_back(&sha256);
  for (const auto& reference : references) {
    const bool says_itself = reference.algorithm() == oci::Algorithm::sha256;
    if (says_itself) needs.digests.push_back(&reference);
    needs.is_plain = needs.is_plain && says_itself;
  }
  const auto text = [](const oci::Digest* digest) -> const std::string& { return digest->str(); };
  std::ranges::sort(needs.digests, {}, text);
  const auto rest = std::ranges::unique(needs.digests, {}, text);
  needs.digests.erase(rest.begin(), rest.end());
  needs.keys.push_back(repository.high);
  for (const auto* digest : needs.digests) {
    needs.keys.push_back(short_key_of(*digest));
    needs.in_repository.push_back(short_key_of(*digest) ^ repository.low);
  }
  needs.keys.insert(needs.keys.end(), needs.in_repository.begin(), needs.in_repository.end());
  return needs;
}

void ReferenceCounts::add(const oci::RepositoryName& name, const oci::Digest& sha256,
                          std::span<const oci::Digest> references) {
  const auto needs = needs_of(name, sha256, references);
  const std::scoped_lock lock(mutex_);
  gone_meanwhile_.erase(needs.manifest);
  for (auto* table : {&known_, &next_}) {
    if (!*table) continue;
    (*table)->add(needs.manifest, needs.keys, needs.is_plain);
    bound(*table);
  }
}

void ReferenceCounts::remove(const oci::RepositoryName& name, const oci::Digest& sha256,
                             std::span<const oci::Digest> references) {
  const auto needs = needs_of(name, sha256, references);
  const std::scoped_lock lock(mutex_);
  for (auto* table : {&known_, &next_}) {
    if (*table) (*table)->remove(needs.manifest, needs.keys, needs.is_plain);
  }
  if (is_recounting_) gone_meanwhile_.insert(needs.manifest);
  note_let_go(name, needs);
}

// Too much rather than too little where the count is not known yet: who takes it counts again.
void ReferenceCounts::note_let_go(const oci::RepositoryName& name, const Needs& needs) {
  if (!known_ && !is_recounting_) return;
  const auto now = Clock::now();
  for (std::size_t i = 0; i < needs.digests.size(); ++i) {
    if (known_ && known_->count_of(needs.in_repository[i]) > 0) continue;
    let_go_.push_back({name, *needs.digests[i], now});
  }
  if (let_go_.size() <= kMostLetGo) return;
  let_go_ = {};
  known_.reset();
}

void ReferenceCounts::bound(std::optional<Table>& table) const {
  if (table->bytes() > most_bytes_) table.reset();
}

bool ReferenceCounts::has_counted() const {
  return known_ && known_->named_otherwise == 0;
}

bool ReferenceCounts::is_known() const {
  const std::scoped_lock lock(mutex_);
  return has_counted();
}

std::optional<std::size_t> ReferenceCounts::count_of(ShortKey key) const {
  const std::scoped_lock lock(mutex_);
  if (!has_counted()) return std::nullopt;
  return known_->count_of(key);
}

std::optional<std::size_t> ReferenceCounts::needed_by(const oci::Digest& sha256) const {
  return count_of(short_key_of(sha256));
}

std::optional<std::size_t> ReferenceCounts::needed_by(const oci::RepositoryName& name,
                                                      const oci::Digest& sha256) const {
  return count_of(short_key_of(sha256) ^ salted(name).low);
}

std::optional<std::size_t> ReferenceCounts::manifests_in(const oci::RepositoryName& name) const {
  return count_of(salted(name).high);
}

std::optional<ReferenceCounts::Clock::time_point> ReferenceCounts::first_let_go() const {
  const std::scoped_lock lock(mutex_);
  if (let_go_.empty() || !has_counted()) return std::nullopt;
  return let_go_.front().since;
}

std::optional<std::vector<ReferenceCounts::LetGo>> ReferenceCounts::take_let_go(
    Clock::time_point cutoff) {
  const std::scoped_lock lock(mutex_);
  if (!has_counted()) return std::nullopt;
  const auto end = std::ranges::lower_bound(let_go_, cutoff, {}, &LetGo::since);
  std::vector<LetGo> taken(std::make_move_iterator(let_go_.begin()), std::make_move_iterator(end));
  let_go_.erase(let_go_.begin(), end);
  return taken;
}

void ReferenceCounts::let_go_again(std::vector<LetGo> kept) {
  const std::scoped_lock lock(mutex_);
  if (!known_ && !is_recounting_) return;
  const auto now = Clock::now();
  for (auto& one : kept) let_go_.push_back({std::move(one.repository), std::move(one.sha256), now});
}

ReferenceCounts::Recount::Recount(ReferenceCounts& counts) : counts_(counts) {
  const std::scoped_lock lock(counts_.mutex_);
  counts_.next_.emplace();
  counts_.is_recounting_ = true;
}

// A part of the store says nothing of the rest.
ReferenceCounts::Recount::~Recount() {
  const std::scoped_lock lock(counts_.mutex_);
  if (!is_finished_) counts_.known_.reset();
  counts_.next_.reset();
  counts_.is_recounting_ = false;
  counts_.gone_meanwhile_ = {};
  if (!counts_.known_) counts_.let_go_ = {};
}

void ReferenceCounts::Recount::seen(const oci::RepositoryName& name, const oci::Digest& sha256,
                                    std::span<const oci::Digest> references) {
  const auto needs = counts_.needs_of(name, sha256, references);
  const std::scoped_lock lock(counts_.mutex_);
  if (!counts_.next_ || counts_.gone_meanwhile_.contains(needs.manifest)) return;
  counts_.next_->add(needs.manifest, needs.keys, needs.is_plain);
  counts_.bound(counts_.next_);
}

std::size_t ReferenceCounts::Recount::finish() {
  const std::scoped_lock lock(counts_.mutex_);
  std::size_t wrong = 0;
  if (counts_.known_ && counts_.next_) {
    const auto &old = counts_.known_->counts, &now = counts_.next_->counts;
    for (const auto& [key, count] : old) wrong += counts_.next_->count_of(key) != count ? 1 : 0;
    for (const auto& [key, _] : now) wrong += old.contains(key) ? 0 : 1;
  }
  counts_.known_ = std::exchange(counts_.next_, std::nullopt);
  is_finished_ = true;
  return wrong;
}

}  // namespace registry::content
