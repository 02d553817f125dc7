#include "registry/maintenance/eviction.hpp"

#include <algorithm>
#include <map>
#include <system_error>

#include "carry_out.hpp"
#include "eviction_decision.hpp"
#include "eviction_plan.hpp"
#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"
#include "retention_reader.hpp"

namespace registry::maintenance {
namespace {

namespace paths = storage::paths;
using oci::Digest;

const std::string kWhy = "the store is above capacity.high, and nothing was unused for longer";

class Eviction {
 public:
  Eviction(content::Content& content, storage::Driver& driver, const config::Capacity& capacity,
           const EvictionRun& run)
      : content_(content),
        driver_(driver),
        capacity_(capacity),
        run_{.now = run.now, .stop = run.stop},
        rules_{capacity.protect, run.now - run.mingrace},
        hold_(content.pins),
        cutoff_(content::Pins::Clock::now() - run.mingrace),
        reader_(content, driver, true) {}

  Evicted run() {
    if (content_.pins.has_started_since(cutoff_) || !is_high(fullness())) return {};
    survey();
    weigh();
    // Now, and not before: what somebody has deleted meanwhile has not to be made room for.
    const auto fullness = this->fullness();
    if (is_ending() || is_unknown_ || !is_high(fullness)) return {};
    const auto percent = fullness->limit / 100;
    choice_ = plan_.choose({fullness->used, percent * capacity_.high, percent * capacity_.low});
    evicted_.coming = choice_.coming;
    evicted_.possible = choice_.possible;
    evicted_.is_in_vain = choice_.is_in_vain;
    evicted_.bytes = choice_.bytes;
    take();
    content_.uses.save();  // what has lost its tag, but not gone yet
    return evicted_;
  }

 private:
  using Chosen = std::map<std::string, const EvictionPlan::Tag*, std::less<>>;

  bool is_ending() const { return run_.stop.stop_requested(); }
  std::optional<content::Fullness> fullness() { return content_.reservations.fullness(); }
  bool is_high(const std::optional<content::Fullness>& fullness) const {
    return fullness && fullness->is_above(capacity_.high);
  }

  // What cannot be read may need anything: then nothing goes.
  void survey() {
    content_.catalog.for_each([this](const oci::RepositoryName& name) { survey(name); },
                              [this](const std::system_error& error) {
                                is_unknown_ = true;
                                base::log::warn_once("eviction cannot read a folder",
                                                     {{"err", error.what()}});
                              });
  }

  void survey(const oci::RepositoryName& name) {
    if (is_ending()) return;
    const auto seen = reader_.read(name);
    if (!seen) is_unknown_ = true;
    if (!seen) return;
    repositories_.push_back({name, false});
    std::vector<EvictionPlan::Index> indexes;
    std::map<EvictionPlan::Index, const SeenTag*> tags;
    for (const auto& [tag, used] : evictable_tags(*seen, rules_)) {
      const auto repository = static_cast<std::uint32_t>(repositories_.size() - 1);
      indexes.push_back(plan_.add({repository, tag->name, tag->pushed, used}));
      tags.emplace(indexes.back(), tag);
    }
    std::ranges::sort(indexes, [this](auto a, auto b) { return plan_.goes_before(a, b); });
    std::vector<const SeenTag*> order;
    for (const auto index : indexes) order.push_back(tags.at(index));
    const auto releases = releases_of(*seen, rules_, order);
    for (const auto& [sha256, manifest] : seen->manifests) {
      const auto release = releases.find(sha256);
      auto last = EvictionPlan::kStays;
      if (release != releases.end() && release->second) {
        last = indexes[*release->second];
      } else if (release != releases.end()) {
        repositories_.back().is_unfinished = true;
        if (!content_.pins.protects(sha256, cutoff_)) continue;  // it will go
      }
      plan_.needs(*pack<32>(sha256.hex()), last);
      for (const auto& blob : manifest.needs) plan_.needs(blob, last);
    }
  }

  void weigh() {
    driver_.visit(paths::kBlobs, [&](const storage::Entry& shelf) {
      if (shelf.is_directory) weigh(paths::kBlobs + '/' + shelf.name);
      return !is_ending();
    });
  }

  void weigh(const std::string& shelf) {
    const auto folder = driver_.folder(shelf);
    driver_.visit(shelf, [&](const storage::Entry& entry) {
      const auto digest = pack<32>(entry.name);
      const auto data = digest ? folder->stat(entry.name + "/data") : std::nullopt;
      if (data) plan_.stored(*digest, data->size_bytes);
      return !is_ending();
    });
  }

  void take() {
    std::map<std::uint32_t, Chosen> chosen;
    for (const auto index : choice_.tags) {
      const auto& tag = plan_.tag(index);
      chosen[tag.repository].emplace(tag.name, &tag);
    }
    for (std::uint32_t i = 0; i < repositories_.size() && !is_ending(); ++i) {
      if (!repositories_[i].is_unfinished && !chosen.contains(i)) continue;
      take_from(repositories_[i].name, chosen[i]);
    }
  }

  // What was used since it was surveyed is not what it was chosen for.
  void take_from(const oci::RepositoryName& name, const Chosen& chosen) {
    const auto seen = reader_.read(name);
    if (!seen) return;
    std::set<std::string> going;
    for (const auto& [tag, used] : evictable_tags(*seen, rules_)) {
      const auto found = chosen.find(tag->name);
      if (found == chosen.end() || found->second->used != used) continue;
      if (found->second->pushed == tag->pushed && frees_any(*seen, tag->sha256)) {
        going.insert(tag->name);
      }
    }
    const std::function<void(const Removal&)> each = [&](const Removal& removal) {
      ++(removal.tag ? evicted_.tags : evicted_.manifests);
      if (removal.tag) tell(*seen, removal);
    };
    carry_out(content_, name, decide_eviction(*seen, rules_, going, kWhy), {run_, cutoff_, each});
  }

  // A newer tag may lead to all of it, here or in another repository.
  bool frees_any(const SeenRepository& seen, const Digest& sha256) const {
    const auto found = seen.manifests.find(sha256);
    if (found == seen.manifests.end()) return false;
    const auto goes = [this](const auto& blob) { return plan_.goes(blob, choice_); };
    const auto& [digest, manifest] = *found;
    if (goes(*pack<32>(digest.hex())) || std::ranges::any_of(manifest.needs, goes)) return true;
    return std::ranges::any_of(manifest.children, [&](const Digest& child) {
      const auto one = seen.manifests.find(child);
      return one != seen.manifests.end() && std::ranges::any_of(one->second.needs, goes);
    });
  }

  static void tell(const SeenRepository& seen, const Removal& removal) {
    const auto tag = std::ranges::find(seen.tags, removal.tag->str(), &SeenTag::name);
    const auto pulled = last_pull(seen, removal.sha256);
    base::log::warn("evicted", {{"repository", removal.repository.str()},
                                {"tag", removal.tag->str()},
                                {"digest", removal.sha256.str()},
                                {"pushed", base::rfc3339_seconds(tag->pushed)},
                                {"pulled", pulled ? base::rfc3339_seconds(*pulled) : "never"},
                                {"why", removal.why}});
  }

  struct Surveyed {
    oci::RepositoryName name;
    bool is_unfinished;  // there are manifests whose tag went earlier
  };

  content::Content& content_;
  storage::Driver& driver_;
  const config::Capacity& capacity_;
  const RetentionRun run_;
  const EvictionRules rules_;
  const content::Pins::Hold hold_;  // the cut-off is that of all that is read after it
  const content::Pins::Clock::time_point cutoff_;
  RetentionReader reader_;
  std::vector<Surveyed> repositories_;
  EvictionPlan plan_;
  EvictionPlan::Choice choice_;
  Evicted evicted_;
  bool is_unknown_ = false;  // a part of the store cannot be read
};

}  // namespace

Evicted evict_tags(content::Content& content, storage::Driver& driver,
                   const config::Capacity& capacity, const EvictionRun& run) {
  content.uses.load();
  return Eviction(content, driver, capacity, run).run();
}

}  // namespace registry::maintenance
