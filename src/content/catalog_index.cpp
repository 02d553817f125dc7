#include "registry/content/catalog_index.hpp"

#include <algorithm>

#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;

namespace {

constexpr std::chrono::minutes kMaxAge{5};
constexpr std::chrono::hours kMaxAgeWithoutIndex{1};
constexpr std::chrono::seconds kMinAge{5};
constexpr int kShareOfTime = 100;  // a scan takes at most one part of so many of the time

// In the order of the paths "/" comes before whatever else a name may have. In `after` there may
// be anything: what is less than "-", which is the least that a name may have, stays between.
std::string key_of(std::string_view name) {
  std::string key(name);
  for (auto& c : key) {
    if (c == '/') {
      c = '\0';
    } else if (static_cast<unsigned char>(c) < '-') {
      c = '\1';
    }
  }
  return key;
}

void into_name(std::string_view key, std::string& name) {
  name = key;
  std::ranges::replace(name, '\0', '/');
}

const Catalog::Unreadable kUnreadable = [](const std::system_error& error) {
  base::log::warn_once("a folder of the store is not listed", {{"err", error.what()}});
};

}  // namespace

CatalogIndex::CatalogIndex(storage::Driver& driver, base::Pool& pool, std::size_t most_bytes,
                           IndexMetrics metrics, const std::stop_token& ending)
    : driver_(driver),
      pool_(pool),
      most_bytes_(most_bytes),
      metrics_(metrics),
      on_ending_(ending, [this] { stop_.request_stop(); }),
      walk_(driver) {}

CatalogIndex::~CatalogIndex() {
  stop_.request_stop();
  wait_for_scan();
}

void CatalogIndex::wait_for_scan() {
  std::unique_lock lock(mutex_);
  scanned_.wait(lock, [&] { return !is_scanning_; });
}

void CatalogIndex::expire() {
  const std::scoped_lock lock(mutex_);
  due_ = Clock::time_point();
}

Listed CatalogIndex::list(std::string_view after, std::size_t limit, const EachName& each) {
  scan_if_due();
  Listed listed;
  {
    const std::scoped_lock lock(mutex_);
    if (names_) {
      std::size_t count = 0;
      std::string name;
      names_->visit(key_of(after), [&](std::string_view key) {
        listed.more = count == limit;
        if (listed.more) return false;
        into_name(key, name);
        each(name);
        if (++count == limit) listed.last = name;
        return true;
      });
      return listed;
    }
  }
  auto page = walk_.list(after, limit);
  for (const auto& name : page.names) each(name);
  listed.more = page.more;
  if (!page.names.empty()) listed.last = std::move(page.names.back());
  return listed;
}

Page CatalogIndex::list(std::string_view after, std::size_t limit) {
  Page page;
  page.more =
      list(after, limit, [&](std::string_view name) { page.names.emplace_back(name); }).more;
  return page;
}

void CatalogIndex::scan_if_due() {
  const auto seen = modified();
  const auto now = Clock::now();
  {
    const std::scoped_lock lock(mutex_);
    const bool is_due = now >= due_ || (names_ && seen != modified_ && now >= soonest_);
    if (is_scanning_ || !is_due || stop_.stop_requested()) return;
    is_scanning_ = true;
    is_asked_for_ = true;
    modified_ = seen;
    meanwhile_ = NameSet();
    is_in_doubt_ = false;
  }
  try {
    pool_.post([this] { scan(); });
  } catch (const std::system_error&) {  // no threads to be had: the next list may have more luck
    const std::scoped_lock lock(mutex_);
    is_scanning_ = false;
  }
}

// nullopt: it is to end, or they do not fit.
std::optional<NameSet> CatalogIndex::read() {
  NameSetBuilder builder;
  const auto add = [&](const std::string& name) { builder.add(key_of(name)); };
  const auto goes_on = [&] {
    return !stop_.stop_requested() && builder.so_far().bytes() <= most_bytes_;
  };
  if (!walk_.scan(add, kUnreadable, goes_on)) return std::nullopt;
  auto names = builder.finish();
  if (names.bytes() > most_bytes_) return std::nullopt;
  return names;
}

// A failure leaves what there was: a walk would fail as well.
void CatalogIndex::scan() {
  const auto begin = Clock::now();
  std::optional<NameSet> names;
  bool failed = false;
  try {
    names = read();
    metrics_.built();
  } catch (const std::exception& error) {
    base::log::warn("cannot read the names of the repositories", {{"err", error.what()}});
    failed = true;
  }
  const auto end = Clock::now();
  const auto rest = kShareOfTime * (end - begin);
  const std::scoped_lock lock(mutex_);
  if (is_in_doubt_) names.reset();
  if (names) {
    meanwhile_.visit("", [&](std::string_view key) {
      names->insert(key);
      return true;
    });
  }
  if (!failed) names_ = std::move(names);
  meanwhile_ = NameSet();
  const Clock::duration age = names_ ? Clock::duration(kMaxAge) : kMaxAgeWithoutIndex;
  soonest_ = end + std::max<Clock::duration>(kMinAge, rest);
  due_ = failed || is_in_doubt_ ? soonest_ : end + std::max(age, rest);
  metrics_.set_bytes(names_ ? names_->bytes() : 0);
  is_scanning_ = false;
  scanned_.notify_all();
}

void CatalogIndex::changed(const oci::RepositoryName& name) noexcept {
  if (!is_asked_for_) return;
  try {
    add(name);
  } catch (const std::exception&) {
    // Nobody knows whether it is there: until the next scan, lists walk.
    const std::scoped_lock lock(mutex_);
    names_.reset();
    is_in_doubt_ = true;
    due_ = Clock::time_point();
  }
}

// A scan under way may have seen it.
void CatalogIndex::removed(const oci::RepositoryName& name) {
  if (!is_asked_for_ || walk_.contains(name)) return;
  const auto key = key_of(name.str());
  const auto seen = modified();
  const std::scoped_lock lock(mutex_);
  modified_ = seen;
  if (is_scanning_) is_in_doubt_ = true;
  if (names_) names_->erase(key);
}

void CatalogIndex::add(const oci::RepositoryName& name) {
  const auto key = key_of(name.str());
  {
    const std::scoped_lock lock(mutex_);
    if (!names_ && !is_scanning_) return;
    if (names_ && names_->contains(key)) return;
  }
  if (!walk_.contains(name)) return;
  const auto seen = modified();
  const std::scoped_lock lock(mutex_);
  modified_ = seen;
  if (is_scanning_) meanwhile_.insert(key);
  if (!names_) return;
  names_->insert(key);
  metrics_.set_bytes(names_->bytes());
}

std::optional<std::chrono::system_clock::time_point> CatalogIndex::modified() {
  const auto status = driver_.stat(paths::kRepositories);
  return status ? std::optional(status->modified) : std::nullopt;
}

}  // namespace registry::content
