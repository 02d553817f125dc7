#include "registry/content/tag_lists.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "links.hpp"
#include "registry/base/log.hpp"
#include "registry/content/name_set.hpp"
#include "registry/storage/paths.hpp"

namespace registry::content {

namespace paths = storage::paths;
using Clock = std::chrono::steady_clock;
using WallTime = std::chrono::system_clock::time_point;

namespace {

constexpr std::size_t kBytesOfOne = 500;
constexpr std::size_t kMostChecked = 1000;       // while others wait for none of it
constexpr std::size_t kLongPage = 10'000;        // of what is not kept
constexpr std::chrono::minutes kTriedAgain{10};  // what was too large
const std::string kAll = "\xff";                 // behind every tag

enum class Points { nowhere, somewhere, unreadable };

// A crash, ours or 2.8's, can leave the directory of a tag that points nowhere.
Points look_at(storage::Driver& driver, const oci::RepositoryName& name, const oci::Tag& tag) {
  try {
    const bool exists = driver.stat(paths::tag_current(name, tag)).has_value();
    return exists ? Points::somewhere : Points::nowhere;
  } catch (const std::system_error& error) {
    if (!is_damage(error)) throw;
    base::log::warn_once("a tag cannot be read, and is not listed", {{"err", error.what()}});
    return Points::unreadable;
  }
}

Points look_at(storage::Driver& driver, const oci::RepositoryName& name, std::string_view tag) {
  return look_at(driver, name, *oci::Tag::parse(tag));
}

// Gives a page of them to `each`.
Listed page_of(const NameSet& names, std::string_view after, std::size_t limit,
               const EachName& each) {
  Listed listed;
  std::size_t count = 0;
  names.visit(after, [&](std::string_view name) {
    listed.more = count == limit;
    if (listed.more) return false;
    each(name);
    if (++count == limit) listed.last = name;
    return true;
  });
  return listed;
}

}  // namespace

// Of one repository.
struct TagLists::OfOne {
  std::mutex building;  // one at a time; before `mutex`
  std::mutex mutex;     // of what follows
  enum class State { unread, read, too_large } state = State::unread;
  WallTime modified;  // of the directory, when the names were all that is in it
  Clock::time_point tried;
  NameSet names;
  std::string checked_to;       // of the names up to here it is known that they point somewhere
  std::size_t builds = 0;       // that were begun
  std::size_t changing = 0;     // tags, by us
  bool is_being_built = false;  // and then, which tags are there and which are not
  std::map<std::string, bool> meanwhile;

  std::size_t bytes() const { return kBytesOfOne + names.bytes(); }
  void set(const std::string& tag, bool is_there) {
    if (is_there) {
      names.insert(tag);
    } else {
      names.erase(tag);
    }
  }
};

std::optional<Listed> TagLists::list(const oci::RepositoryName& name, std::string_view after,
                                     std::size_t limit, const EachName& each) {
  const auto now = modified(name);
  if (!now) {
    if (!driver_.stat(paths::revisions(name))) return std::nullopt;
    return Listed();
  }
  const auto list = find_or_make(name);
  bring_up_to_date(list, name, *now);
  std::unique_lock lock(list->mutex);
  const auto size = list->names.size();
  if (list->state != OfOne::State::too_large) check(*list, lock, name, after, limit);
  if (list->state == OfOne::State::too_large) {  // perhaps by now
    lock.unlock();
    return read_page(*list, name, after, limit, each);
  }
  auto listed = page_of(list->names, after, limit, each);
  const bool has_shrunk = size != list->names.size();
  const auto bytes = has_shrunk ? list->bytes() : 0;
  lock.unlock();
  if (has_shrunk) account(name, list, bytes);
  return listed;
}

void TagLists::bring_up_to_date(const std::shared_ptr<OfOne>& list, const oci::RepositoryName& name,
                                WallTime now) {
  using State = OfOne::State;
  const auto is_good = [&] {
    if (list->state == State::read) return list->changing > 0 || list->modified == now;
    return list->state == State::too_large && Clock::now() < list->tried + kTriedAgain;
  };
  {
    const std::scoped_lock lock(list->mutex);
    if (is_good()) return;
  }
  const std::scoped_lock building(list->building);
  now = modified(name).value_or(WallTime());
  {
    const std::scoped_lock lock(list->mutex);
    if (is_good()) return;  // another has built it meanwhile
    ++list->builds;
    list->is_being_built = true;
    list->meanwhile.clear();
    list->modified = now;
  }
  std::optional<NameSet> names;
  try {
    names = read(name, most_bytes_ / 4 * 3);  // the rest is for what is added to it
  } catch (...) {
    const std::scoped_lock lock(list->mutex);
    list->is_being_built = false;
    list->state = State::unread;
    throw;
  }
  metrics_.built();
  std::unique_lock lock(list->mutex);
  list->is_being_built = false;
  list->state = names ? State::read : State::too_large;
  list->tried = Clock::now();
  list->checked_to.clear();
  list->names = names ? std::move(*names) : NameSet();
  if (names) {
    for (const auto& [tag, is_there] : list->meanwhile) list->set(tag, is_there);
  }
  list->meanwhile.clear();
  const auto bytes = list->bytes();
  lock.unlock();
  account(name, list, bytes);
}

// What is in the directory and looks like a tag. nullopt: that does not fit.
std::optional<NameSet> TagLists::read(const oci::RepositoryName& name, std::size_t most_bytes) {
  NameSetBuilder builder;
  std::size_t count = 0;
  bool fits = true;
  driver_.visit(paths::tags(name), [&](const storage::Entry& entry) {
    if (!entry.is_directory || !oci::Tag::parse(entry.name)) return true;
    builder.add(entry.name);
    if (++count % kMostChecked == 0) fits = builder.so_far().bytes() <= most_bytes;
    return fits;
  });
  if (!fits) return std::nullopt;
  auto names = builder.finish();
  if (names.bytes() > most_bytes) return std::nullopt;
  return names;
}

// Takes away those of a page, and of one more, that point nowhere. Others may go on meanwhile: what
// they add points somewhere.
void TagLists::check(OfOne& list, std::unique_lock<std::mutex>& lock,
                     const oci::RepositoryName& name, std::string_view after, std::size_t limit) {
  if (list.checked_to == kAll) return;
  const auto wanted = std::max(limit, limit + 1);
  // All up to `checked` and behind `after` is; and, where the page begins there, all before.
  const bool begins_there = after <= list.checked_to;
  std::string checked = begins_there ? list.checked_to : std::string(after);
  std::size_t found = 0;
  list.names.visit(after, [&](std::string_view one) { return one <= checked && ++found < wanted; });
  while (found < wanted) {
    std::vector<std::string> batch, links;
    const auto most = std::min(wanted - found, kMostChecked);
    list.names.visit(checked, [&](std::string_view one) {
      batch.emplace_back(one);
      links.push_back(paths::tag_current_below_tags(one));
      return batch.size() < most;
    });
    const bool is_end = batch.size() < most;
    const auto builds = list.builds;
    lock.unlock();
    const auto exist = driver_.exist_below(paths::tags(name), links);
    lock.lock();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (exist[i]) {
        ++found;
        continue;
      }
      // Once more, as it may have been put meanwhile: who puts it says so under this lock.
      const auto& one = batch[i];
      const auto points = look_at(driver_, name, one);
      if (points == Points::somewhere) ++found;
      if (points != Points::somewhere) list.names.erase(one);
      // Whoever mends it leaves no trace in the directory.
      if (points == Points::unreadable) list.state = OfOne::State::unread;
    }
    if (!batch.empty()) checked = batch.back();
    if (is_end) checked = kAll;
    if (begins_there && builds == list.builds) {
      list.checked_to = std::max(list.checked_to, checked);
    }
    if (is_end) return;
  }
}

// Of what is not kept: a page with the memory of a page; a long one by a list for this once.
Listed TagLists::read_page(OfOne& list, const oci::RepositoryName& name, std::string_view after,
                           std::size_t limit, const EachName& each) {
  Listed listed;
  std::size_t count = 0;
  const auto take = [&](std::string_view one) {
    if (look_at(driver_, name, one) != Points::somewhere) return true;
    listed.more = count == limit;
    if (listed.more) return false;
    each(one);
    listed.last = one;
    ++count;
    return true;
  };
  if (limit > kLongPage) {
    const std::scoped_lock one_at_a_time(list.building);
    const auto names = read(name, std::numeric_limits<std::size_t>::max());
    names->visit(after, take);
    return listed;
  }
  for (std::string last(after);;) {
    const auto entries = driver_.list(paths::tags(name), last, limit + 1);
    if (!entries || entries->empty()) return listed;
    for (const auto& entry : *entries) {
      if (!entry.is_directory || !oci::Tag::parse(entry.name)) continue;
      if (!take(entry.name)) return listed;
    }
    last = entries->back().name;
  }
}

std::optional<WallTime> TagLists::modified(const oci::RepositoryName& name) {
  const auto status = driver_.stat(paths::tags(name));
  return status ? std::optional(status->modified) : std::nullopt;
}

TagLists::Change::Change(TagLists& lists, const oci::RepositoryName& name, const oci::Tag& tag)
    : lists_(lists), name_(name), tag_(tag), list_(lists.find(name)) {
  if (!list_) return;
  const std::scoped_lock lock(list_->mutex);
  // What somebody else has done must show after our change as well.
  if (list_->changing++ == 0 && list_->state == OfOne::State::read && !list_->is_being_built) {
    try {
      if (lists_.modified(name_) == list_->modified) return;
    } catch (const std::system_error&) {
      // As if it had changed.
    }
    list_->state = OfOne::State::unread;
  }
}

TagLists::Change::~Change() {
  try {
    if (const auto now = lists_.find(name_)) lists_.note(now, name_, tag_);
  } catch (const std::exception&) {
    // Nobody knows what is there: the next list reads it.
    lists_.forget(name_);
  }
  if (!list_) return;
  const std::scoped_lock lock(list_->mutex);
  --list_->changing;
}

// Looks at the tag under the lock, so that the last one who changed it has the last word.
void TagLists::note(const std::shared_ptr<OfOne>& list, const oci::RepositoryName& name,
                    const oci::Tag& tag) {
  std::unique_lock lock(list->mutex);
  const bool is_kept = list->state == OfOne::State::read;
  if (!is_kept && !list->is_being_built) return;
  const bool is_there = look_at(driver_, name, tag) == Points::somewhere;
  list->modified = modified(name).value_or(WallTime());
  if (list->is_being_built) list->meanwhile[tag.str()] = is_there;
  if (!is_kept) return;
  const auto size = list->names.size();
  list->set(tag.str(), is_there);
  if (list->names.size() == size) return;
  const auto bytes = list->bytes();
  lock.unlock();
  account(name, list, bytes);
}

std::shared_ptr<TagLists::OfOne> TagLists::find(const oci::RepositoryName& name) {
  const std::scoped_lock lock(mutex_);
  const auto kept = lists_.find(name.str());
  return kept == lists_.end() ? nullptr : kept->second.list;
}

std::shared_ptr<TagLists::OfOne> TagLists::find_or_make(const oci::RepositoryName& name) {
  const std::scoped_lock lock(mutex_);
  const auto [kept, is_new] = lists_.try_emplace(name.str());
  if (is_new) {
    recent_.push_front(name.str());
    kept->second = {std::make_shared<OfOne>(), recent_.begin(), 0};
  } else {
    recent_.splice(recent_.begin(), recent_, kept->second.place);
  }
  return kept->second.list;
}

void TagLists::account(const oci::RepositoryName& name, const std::shared_ptr<OfOne>& list,
                       std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  const auto kept = lists_.find(name.str());
  if (kept == lists_.end() || kept->second.list != list) return;  // forgotten meanwhile
  bytes_ += bytes - std::exchange(kept->second.bytes, bytes);
  while (bytes_ > most_bytes_ && !recent_.empty()) forget(lists_.find(recent_.back()));
  metrics_.set_bytes(bytes_);
}

void TagLists::forget(const oci::RepositoryName& name) {
  const std::scoped_lock lock(mutex_);
  const auto kept = lists_.find(name.str());
  if (kept != lists_.end()) forget(kept);
}

void TagLists::forget(std::unordered_map<std::string, Kept>::iterator kept) {
  bytes_ -= kept->second.bytes;
  recent_.erase(kept->second.place);
  lists_.erase(kept);
}

std::size_t TagLists::bytes() {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

}  // namespace registry::content
