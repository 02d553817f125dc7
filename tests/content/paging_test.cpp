#include "paging.hpp"

#include <limits>

#include "content_test.hpp"
#include "registry/content/catalog_index.hpp"

namespace registry::content {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr unsigned kSeeds = 12;

class PagingTest : public ContentTest {
 protected:
  // Of names that nest, and that differ by a letter before or behind the slash.
  static std::string any_repository(Random& random) {
    auto name = random.text("ab0", 2);
    while (random.one_in(2)) {
      name += (random.one_in(3) ? "-" : random.one_in(4) ? "." : "/") + random.text("ab0", 1);
    }
    return name;
  }
  static std::string any_tag(Random& random) {
    return random.text("ab0_AZ", 1) + random.text("ab0._-AZ", 2);
  }
  template <class Order, class Make>
  static std::set<std::string, Order> some(std::size_t count, Random& random, Make make) {
    std::set<std::string, Order> names;
    while (names.size() < count) names.insert(make(random));
    return names;
  }
  void make_repository(const std::string& name) {
    put(paths::layer_link(name_of(name), oci::empty_digest()), oci::empty_digest().str());
  }

  // On names that stay as they are, of each `list`.
  template <class Order>
  static void expect_pages(const std::set<std::string, Order>& names,
                           typename Following<Order>::List list, Random& random) {
    const Following<Order> following(std::move(list), random);
    const std::vector<std::string> all(names.begin(), names.end());
    for (int i = 0; i < 25; ++i) {
      const auto limit = random.one_in(8) ? kAll : random.below(names.size() + 3);
      following.expect_page(names, any_last(all, random), limit);
    }
    for (int i = 0; i < 3; ++i) following.expect_all(names);
  }

  const oci::RepositoryName kName = name_of("a/b");
  const oci::Digest kOne = oci::digest_of("one");
};
ON_EACH_DRIVER(PagingTest);

TEST_P(PagingTest, OfTheCatalogIsWhatIsThereFromAnyPlaceOn) {
  std::set<std::string, ByPath> names;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    for (const auto& name : some<ByPath>(1 + random.below(12), random, any_repository)) {
      make_repository(name);
      names.insert(name);
    }
    expect_pages<ByPath>(
        names, [&](auto after, auto limit) { return catalog_.list(after, limit); }, random);
    // Whether or not its scan has come to its end; and once it has.
    CatalogIndex index(driver(), io_, 1 << 20), too_small(driver(), io_, 1);
    for (auto* one : {&index, &too_small, &index, &too_small}) {
      expect_pages<ByPath>(
          names, [&](auto after, auto limit) { return one->list(after, limit); }, random);
      one->wait_for_scan();
    }
  }
}

TEST_P(PagingTest, OfTheCatalogHasAllThatStayWhileOthersComeAndGo) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    CatalogIndex index(driver(), io_, 1 << 20);
    const auto names = some<ByPath>(30, random, any_repository);
    for (const auto& name : names) make_repository(name);
    const auto change = [&](Random& of_thread) {
      const auto name = any_repository(of_thread) + "/x";
      make_repository(name);
      index.changed(name_of(name));
      if (of_thread.one_in(3)) return;
      driver().remove_tree(paths::layers(name_of(name)), storage::Survives::process_crash);
      index.removed(name_of(name));
    };
    const Bustle bustle(seed, change);
    const Following<ByPath> following(
        [&](auto after, auto limit) {
          if (random.one_in(10)) index.expire();  // it is read again in the midst of the pages
          return index.list(after, limit);
        },
        random);
    for (int i = 0; !bustle.is_enough(i); ++i) following.expect_all_that_stay(names);
  }
}

TEST_P(PagingTest, OfTagsIsWhatIsThereFromAnyPlaceOn) {
  std::set<std::string> names;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    for (const auto& name : some<std::less<>>(1 + random.below(20), random, any_tag)) {
      const auto tag = tag_of(name);
      if (names.contains(name) && random.one_in(2)) {
        tags_.remove(kName, tag);
        names.erase(name);
      } else if (!names.contains(name) && random.one_in(4)) {
        put(paths::tag_index(kName, tag, kOne), kOne.str());  // which points nowhere
      } else {
        tags_.put(kName, tag, kOne, kOne);
        names.insert(name);
      }
    }
    if (names.empty()) continue;
    // Kept up to date, read for the first time, and read each time as it does not fit.
    Tags fresh(driver()), too_small(driver(), 1);
    for (auto* tags : {&tags_, &fresh, &too_small}) {
      expect_pages<std::less<>>(
          {names.begin(), names.end()},
          [&](auto after, auto limit) { return *tags->list(kName, after, limit); }, random);
    }
  }
}

TEST_P(PagingTest, OfTagsHasAllThatStayWhileOthersComeAndGo) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Tags tags(driver(), seed % 2 == 0 ? 1 << 20 : 1);
    const auto names = some<std::less<>>(40, random, any_tag);
    for (const auto& name : names) tags.put(kName, tag_of(name), kOne, kOne);
    const auto change = [&](Random& of_thread) {
      const auto tag = tag_of(any_tag(of_thread) + "-x");
      {
        const RepositoryLocks::Shared lock(locks_, kName);
        tags.put(kName, tag, kOne, kOne);
      }
      if (of_thread.one_in(3)) return;
      const RepositoryLocks::Alone lock(locks_, kName);
      tags.remove(kName, tag);
    };
    const Bustle bustle(seed, change);
    const Following<std::less<>> following(
        [&](auto after, auto limit) { return *tags.list(kName, after, limit); }, random);
    for (int i = 0; !bustle.is_enough(i); ++i) following.expect_all_that_stay(names);
  }
}

}  // namespace
}  // namespace registry::content
