#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "registry/content/index_metrics.hpp"
#include "registry/content/page.hpp"
#include "registry/oci/name.hpp"
#include "registry/storage/driver.hpp"

namespace registry::content {

class NameSet;

// The names of the tags of repositories that were asked for lately. The first list of a repository
// reads its tags directory in one go; our own changes are made in memory as well; when the
// directory's time is another than the last one seen, somebody else has been there, and it is read
// again. Whether a tag points somewhere is looked at once, when it is to be listed.
//
// Costs what a NameSet does and about 500 bytes for each repository, `most_bytes` over all: those
// that were not asked for the longest are forgotten. What does not fit alone is read from the
// directory each time, in pages with no more memory than a page needs. Blocking; thread-safe.
class TagLists {
  struct OfOne;

 public:
  TagLists(storage::Driver& driver, std::size_t most_bytes, IndexMetrics metrics)
      : driver_(driver), most_bytes_(most_bytes), metrics_(metrics) {}

  // As Tags::list.
  std::optional<Listed> list(const oci::RepositoryName& name, std::string_view after,
                             std::size_t limit, const EachName& each);
  std::size_t bytes();

  // While a tag is put or removed, whether or not that succeeds.
  class Change {
   public:
    Change(TagLists& lists, const oci::RepositoryName& name, const oci::Tag& tag);
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;
    ~Change();

   private:
    TagLists& lists_;
    const oci::RepositoryName& name_;
    const oci::Tag& tag_;
    const std::shared_ptr<OfOne> list_;  // nullptr: there was none when it began
  };

 private:
  struct Kept {
    std::shared_ptr<OfOne> list;
    std::list<std::string>::iterator place;
    std::size_t bytes;
  };

  std::shared_ptr<OfOne> find(const oci::RepositoryName& name);
  std::shared_ptr<OfOne> find_or_make(const oci::RepositoryName& name);
  void account(const oci::RepositoryName& name, const std::shared_ptr<OfOne>& list,
               std::size_t bytes);
  void forget(const oci::RepositoryName& name);
  void forget(std::unordered_map<std::string, Kept>::iterator kept);

  void bring_up_to_date(const std::shared_ptr<OfOne>& list, const oci::RepositoryName& name,
                        std::chrono::system_clock::time_point modified);
  std::optional<NameSet> read(const oci::RepositoryName& name, std::size_t most_bytes);
  void check(OfOne& list, std::unique_lock<std::mutex>& lock, const oci::RepositoryName& name,
             std::string_view after, std::size_t limit);
  Listed read_page(OfOne& list, const oci::RepositoryName& name, std::string_view after,
                   std::size_t limit, const EachName& each);
  void note(const std::shared_ptr<OfOne>& list, const oci::RepositoryName& name,
            const oci::Tag& tag);
  std::optional<std::chrono::system_clock::time_point> modified(const oci::RepositoryName& name);

  storage::Driver& driver_;
  const std::size_t most_bytes_;
  IndexMetrics metrics_;
  std::mutex mutex_;  // of what follows; taken last
  std::unordered_map<std::string, Kept> lists_;
  std::list<std::string> recent_;  // the last one asked for is the first
  std::size_t bytes_ = 0;
};

}  // namespace registry::content
