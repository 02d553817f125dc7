#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "registry/content/page.hpp"

// Whoever follows the pages of a list, from wherever, finds each name that is there all the time
// exactly once and in order, whatever comes and goes beside them. What is in the lists, and what is
// asked for, follows from a seed.
namespace registry::content {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t limit) { return engine_() % limit; }
  bool one_in(std::size_t count) { return below(count) == 0; }
  std::string text(std::string_view letters, std::size_t most) {
    std::string text;
    for (auto size = 1 + below(most); text.size() < size;) text += letters[below(letters.size())];
    return text;
  }

 private:
  std::mt19937 engine_;
};

// Paths in order: whatever is below a folder comes before what only begins with the folder's name.
inline std::string key_of_path(std::string name) {
  std::ranges::replace(name, '/', '\1');
  return name;
}
struct ByPath {
  bool operator()(const std::string& a, const std::string& b) const {
    return key_of_path(a) < key_of_path(b);
  }
};

// Of one list, in the order that it has.
template <class Order>
class Following {
 public:
  using Names = std::set<std::string, Order>;
  using List = std::function<Page(std::string_view after, std::size_t limit)>;

  Following(List list, Random& random) : list_(std::move(list)), random_(random) {}

  // A page behind anything is what `names` has there, and says exactly whether more follow.
  void expect_page(const Names& names, const std::string& after, std::size_t limit) const {
    const std::vector<std::string> rest(names.upper_bound(after), names.end());
    const auto size = std::min(limit, rest.size());
    const auto page = list_(after, limit);
    EXPECT_EQ(page.names, std::vector(rest.begin(), rest.begin() + static_cast<long>(size)))
        << limit << " behind " << after;
    EXPECT_EQ(page.more, rest.size() > size) << limit << " behind " << after;
  }
  // As clients do, with the link of each page.
  void expect_all(const Names& names) const {
    const auto seen = follow(1 + random_.below(names.size() + 2));
    EXPECT_EQ(seen, std::vector(names.begin(), names.end()));
  }
  // While others come and go.
  void expect_all_that_stay(const Names& names) const {
    const auto seen = follow(1 + random_.below(names.size()));
    EXPECT_TRUE(std::ranges::is_sorted(seen, Order()));
    EXPECT_TRUE(std::ranges::adjacent_find(seen) == seen.end()) << "one is there twice";
    std::vector<std::string> stayed;
    std::ranges::copy_if(seen, std::back_inserter(stayed),
                         [&](const auto& name) { return names.contains(name); });
    EXPECT_EQ(stayed, std::vector(names.begin(), names.end()));
  }

 private:
  std::vector<std::string> follow(std::size_t limit) const {
    std::vector<std::string> seen;
    for (bool more = true; more;) {
      const auto page = list_(seen.empty() ? "" : seen.back(), limit);
      seen.insert(seen.end(), page.names.begin(), page.names.end());
      more = page.more;
      if (more) EXPECT_EQ(page.names.size(), limit) << "there are more, but the page is not full";
      if (page.names.empty()) break;
    }
    return seen;
  }

  const List list_;
  Random& random_;
};

// What is there, what is beside it, and what is behind everything.
inline std::string any_last(const std::vector<std::string>& names, Random& random) {
  auto last = names[random.below(names.size())];
  switch (random.below(7)) {
    case 0:
      return "";
    case 1:
      return last + random.text("-._0az/", 2);
    case 2:
      return last.substr(0, 1 + random.below(last.size()));
    case 3:
      return random.text("az", 3);
    case 4:
      return "zzzzzzzz";
    default:
      return last;
  }
}

// Changes one thing after another on two threads, until the end of its life.
class Bustle {
 public:
  template <class Change>
  Bustle(unsigned seed, Change change) {
    for (auto& thread : threads_) {
      thread = std::jthread([this, change, random = Random(++seed)]() mutable {
        while (!ended_) change(random), ++changes_;
      });
    }
  }
  Bustle(const Bustle&) = delete;
  Bustle& operator=(const Bustle&) = delete;
  ~Bustle() { ended_ = true; }
  // Whether enough has happened for a proof.
  bool is_enough(int rounds) const { return rounds >= 15 && changes_ >= 30; }

 private:
  std::atomic<bool> ended_ = false;
  std::atomic<int> changes_ = 0;
  std::array<std::jthread, 2> threads_;
};

}  // namespace registry::content
