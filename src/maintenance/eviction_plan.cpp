#include "eviction_plan.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace registry::maintenance {
namespace {

std::uint64_t minus(std::uint64_t a, std::uint64_t b) {
  return a - std::min(a, b);
}

}  // namespace

EvictionPlan::Index EvictionPlan::add(Tag tag) {
  tags_.push_back({std::move(tag)});
  return static_cast<Index>(tags_.size() - 1);
}

bool EvictionPlan::goes_before(Index a, Index b) const {
  if (a == kStays || b == kStays) return a != kStays;
  const auto& one = tag(a);
  const auto& other = tag(b);
  return std::tie(one.used, one.pushed, a) < std::tie(other.used, other.pushed, b);
}

void EvictionPlan::needs(const PackedDigest<32>& blob, Index last) {
  const auto [found, is_new] = last_.try_emplace(blob, last);
  if (!is_new && goes_before(found->second, last)) found->second = last;
}

void EvictionPlan::stored(const PackedDigest<32>& blob, std::uint64_t bytes) {
  const auto found = last_.find(blob);
  if (found == last_.end()) {
    coming_ += bytes;
  } else if (found->second != kStays) {
    tags_[found->second].bytes += bytes;
  }
}

EvictionPlan::Choice EvictionPlan::choose(const Goal& goal) const {
  Choice choice;
  choice.coming = coming_;
  for (const auto& account : tags_) choice.possible += account.bytes;
  const auto left = minus(goal.used, coming_);
  if (left <= goal.low) return choice;
  choice.is_in_vain = minus(left, choice.possible) > goal.high;
  if (choice.is_in_vain) return choice;
  std::vector<Index> order(tags_.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [this](Index a, Index b) { return goes_before(a, b); });
  for (const auto index : order) {
    if (minus(left, choice.bytes) <= goal.low) break;
    choice.tags.push_back(index);
    choice.bytes += tags_[index].bytes;
  }
  return choice;
}

bool EvictionPlan::goes(const PackedDigest<32>& blob, const Choice& choice) const {
  if (choice.tags.empty()) return false;
  const auto found = last_.find(blob);
  return found != last_.end() && !goes_before(choice.tags.back(), found->second);
}

}  // namespace registry::maintenance
