// Every operation that writes, with every single call to the filesystem failing, being the last
// one of the process, or being the last one before the power goes.
#include "operations.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "every_call.hpp"

namespace registry::fault {
namespace {

class Operations : public testing::TestWithParam<Operation> {
 protected:
  // A store on which the operation may begin, and a process that is about to do it.
  std::unique_ptr<SimulatedFiles> prepared() const {
    auto files = std::make_unique<SimulatedFiles>();
    World world(*files);
    GetParam().prepare(world);
    return files;
  }

  bool attempt(World& world) const {
    try {
      GetParam().run(world);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  // Another process finds the store whole, and can do what the first one was asked for.
  void expect_recovery(SimulatedFiles& files, bool acknowledged) const {
    World world(files);
    expect_whole(world);
    GetParam().check(world, acknowledged);
    ASSERT_TRUE(attempt(world)) << "it cannot be done again";
    expect_whole(world);
    GetParam().check(world, true);
  }

  template <class Body>
  static void for_every_call(Body body) {
    fault::for_every_call(4, body);
  }

  // The process ends at each call in turn; `come_back` is what happens until the next one starts.
  template <class ComeBack>
  void survive_an_end_at_any_call(ComeBack come_back) const {
    for_every_call([&](std::size_t n) {
      const auto files = prepared();
      std::size_t calls = 0;
      bool acknowledged = false;
      {
        World world(*files);
        files->crash_at_call(n);
        acknowledged = attempt(world);
        calls = files->calls();
        files->crash_now();
      }
      come_back(*files);
      expect_recovery(*files, acknowledged);
      return calls >= n;
    });
  }
};

TEST_P(Operations, SurviveAnyCallThatFails) {
  for (const int error : {EIO, ENOSPC}) {
    for_every_call([&](std::size_t n) {
      const auto files = prepared();
      std::size_t calls = 0;
      bool acknowledged = false;
      {
        World world(*files);
        files->fail_call(n, error);
        acknowledged = attempt(world);
        calls = files->calls();
        files->restart();
        expect_whole(world);  // the same process goes on
        GetParam().check(world, acknowledged);
      }
      files->lose_power(Loss::everything, 0);
      expect_recovery(*files, acknowledged);
      return calls >= n;
    });
  }
}

TEST_P(Operations, SurviveAKillAtAnyCall) {
  survive_an_end_at_any_call([](SimulatedFiles& files) { files.restart(); });
}

TEST_P(Operations, SurviveAPowerLossAtAnyCall) {
  constexpr unsigned kSeeds = 6;
  for (const auto loss : {Loss::everything, Loss::bytes, Loss::by_chance}) {
    for (unsigned seed = 0; seed < (loss == Loss::by_chance ? kSeeds : 1); ++seed) {
      SCOPED_TRACE("loss " + std::to_string(static_cast<int>(loss)) + " seed " +
                   std::to_string(seed));
      survive_an_end_at_any_call([&](SimulatedFiles& files) { files.lose_power(loss, seed); });
    }
  }
}

// What is in memory to answer lists, against what another process would find at that moment.
void expect_true_lists(World& world) {
  const auto walked = content::Catalog(*world.driver).list("", 100).names;
  EXPECT_EQ(world.content.catalog_index.list("", 100).names, walked);
  content::Tags fresh(*world.driver);
  for (const auto& name : walked) {
    const auto wanted = fresh.list(repository(name), "", 100);
    const auto seen = world.content.tags.list(repository(name), "", 100);
    ASSERT_EQ(seen.has_value(), wanted.has_value()) << name;
    if (seen) EXPECT_EQ(seen->names, wanted->names) << name;
  }
}

TEST_P(Operations, KeepTheListsTrueWhicheverCallFails) {
  for (const int error : {EIO, EACCES}) {
    for_every_call([&](std::size_t n) {
      const auto files = prepared();
      World world(*files);
      expect_true_lists(world);
      world.content.catalog_index.wait_for_scan();
      files->fail_call(n, error);
      attempt(world);
      const auto calls = files->calls();
      files->restart();
      expect_true_lists(world);
      return calls >= n;
    });
  }
}

INSTANTIATE_TEST_SUITE_P(All, Operations, testing::ValuesIn(operations()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace registry::fault
