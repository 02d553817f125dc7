// Two requests at once: one is stopped before each of its calls to the filesystem in turn, and
// another runs to its end meanwhile, as far as it can.
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "operations.hpp"
#include "registry/oci/hasher.hpp"
#include "support/manifests.hpp"
#include "world.hpp"

namespace registry::fault {
namespace {

const std::string kConfig = "the config", kLayer = "a layer of some bytes";
const std::string kOne = manifest_of({kConfig}), kTwo = manifest_of({kConfig, kLayer});
const auto kName = repository("a"), kElsewhere = repository("b");

// The second request, and how it ended: nullopt while it waits for the first.
class Second {
 public:
  Second(World& world, std::function<bool(World&)> request)
      : world_(world), request_(std::move(request)) {}

  // On the thread of the first. A request that waits for the first gets a moment, and goes on
  // beside it afterwards.
  void run_for_a_moment() {
    answer_ = std::async(std::launch::async, [this] { return request_(world_); });
    finished_meanwhile_ =
        answer_.wait_for(std::chrono::milliseconds(20)) == std::future_status::ready;
  }
  bool started() const { return answer_.valid(); }
  bool finished_meanwhile() const { return finished_meanwhile_; }
  bool succeeded() { return answer_.get(); }

 private:
  World& world_;
  const std::function<bool(World&)> request_;
  std::future<bool> answer_;
  bool finished_meanwhile_ = false;
};

bool succeeds(const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

// What the second one was told must hold even though the first one never gets any further and the
// power goes: a file that is not yet durable satisfies nobody else (docs/architecture.md, rule 2).
void expect_promise_kept(const std::function<void(World&)>& prepare,
                         const std::function<void(World&)>& first,
                         const std::function<bool(World&)>& second,
                         const std::function<void(World&)>& check) {
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("at call " + std::to_string(n));
    ASSERT_LT(n, 1000U);
    SimulatedFiles files;
    bool promised = false, reached = false;
    {
      World world(files);
      prepare(world);
      Second other(world, second);
      files.interrupt_call(n, [&] {
        other.run_for_a_moment();
        if (other.finished_meanwhile()) files.crash_now();
      });
      succeeds([&] { first(world); });
      reached = other.started();
      if (reached) promised = other.succeeded() && other.finished_meanwhile();
      files.crash_now();
    }
    if (!reached) break;
    files.lose_power(Loss::everything, 0);
    World world(files);
    expect_whole(world);
    if (promised) check(world);
    if (testing::Test::HasFailure()) break;
  }
}

bool mounts_elsewhere(World& world) {
  return succeeds([&] {
    if (!world.content.blobs.mount(kName, kElsewhere, oci::digest_of(kLayer)))
      throw std::runtime_error("");
  });
}

TEST(Interleaving, AMountOfABlobThatIsBeingCommittedIsDurable) {
  expect_promise_kept(
      [](World&) {}, [](World& world) { world.push_blob(kName, kLayer); }, mounts_elsewhere,
      [](World& world) { EXPECT_EQ(world.read_blob(kElsewhere, oci::digest_of(kLayer)), kLayer); });
}

TEST(Interleaving, ABlobThatAHeadSawIsDurable) {
  expect_promise_kept(
      [](World&) {}, [](World& world) { world.push_blob(kName, kLayer); },
      [](World& world) {
        return succeeds([&] {
          if (!world.content.blobs.stat(kName, oci::digest_of(kLayer))) {
            throw std::runtime_error("absent");
          }
        });
      },
      [](World& world) { EXPECT_EQ(world.read_blob(kName, oci::digest_of(kLayer)), kLayer); });
}

TEST(Interleaving, TheSameBlobPushedTwiceIsDurableForTheFirstToBeAnswered) {
  expect_promise_kept(
      [](World&) {}, [](World& world) { world.push_blob(kName, kLayer); },
      [](World& world) { return succeeds([&] { world.push_blob(kElsewhere, kLayer); }); },
      [](World& world) { EXPECT_EQ(world.read_blob(kElsewhere, oci::digest_of(kLayer)), kLayer); });
}

TEST(Interleaving, AManifestMayRelyOnABlobThatIsBeingCommitted) {
  expect_promise_kept(
      [](World& world) { world.push_blob(kName, kConfig); },
      [](World& world) { world.push_blob(kName, kLayer); },
      [](World& world) { return succeeds([&] { world.push_manifest(kName, tag("t"), kTwo); }); },
      [](World& world) {
        EXPECT_TRUE(support::get(world.content.manifests, kName, tag("t")));
        EXPECT_EQ(world.read_blob(kName, oci::digest_of(kLayer)), kLayer);
      });
}

TEST(Interleaving, AManifestMayRelyOnABlobThatIsBeingMounted) {
  expect_promise_kept(
      [](World& world) {
        world.push_blob(kName, kLayer);
        world.push_blob(kElsewhere, kConfig);
      },
      [](World& world) { mounts_elsewhere(world); },
      [](World& world) {
        return succeeds([&] { world.push_manifest(kElsewhere, tag("t"), kTwo); });
      },
      [](World& world) {
        EXPECT_TRUE(support::get(world.content.manifests, kElsewhere, tag("t")));
        EXPECT_EQ(world.read_blob(kElsewhere, oci::digest_of(kLayer)), kLayer);
      });
}

TEST(Interleaving, ATagThatAReaderSawIsDurable) {
  expect_promise_kept(
      [](World& world) {
        world.push_blob(kName, kConfig);
        world.push_blob(kName, kLayer);
      },
      [](World& world) { world.push_manifest(kName, tag("t"), kTwo); },
      [](World& world) {
        return support::get(world.content.manifests, kName, tag("t")).has_value();
      },
      [](World& world) { EXPECT_TRUE(support::get(world.content.manifests, kName, tag("t"))); });
}

// Both run to their end, in every order that the stops give; then the store must be one that some
// order of the two leaves.
void expect_one_after_the_other(const std::function<void(World&)>& first,
                                const std::function<void(World&)>& second,
                                const std::function<void(World&)>& check) {
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("at call " + std::to_string(n));
    ASSERT_LT(n, 1000U);
    SimulatedFiles files;
    {
      World world(files);
      world.push_blob(kName, kConfig);
      world.push_blob(kName, kLayer);
      world.push_manifest(kName, tag("t"), kOne);
      Second other(world, [&](World& it) { return succeeds([&] { second(it); }); });
      files.interrupt_call(n, [&] { other.run_for_a_moment(); });
      EXPECT_TRUE(succeeds([&] { first(world); }));
      if (!other.started()) break;
      EXPECT_TRUE(other.succeeded());
      expect_whole(world);
      check(world);
    }
    files.lose_power(Loss::everything, 0);
    World world(files);
    expect_whole(world);
    check(world);
    if (testing::Test::HasFailure()) break;
  }
}

void put_two(World& world) {
  world.push_manifest(kName, tag("t"), kTwo);
}

TEST(Interleaving, APutAndADeleteOfATagLeaveTheTagWholeOrGone) {
  expect_one_after_the_other(
      put_two, [](World& world) { world.content.manifests.remove(kName, tag("t")); },
      [](World& world) {
        const auto now = support::get(world.content.manifests, kName, tag("t"));
        if (now) EXPECT_EQ(now->content, kTwo);
        EXPECT_TRUE(support::get(world.content.manifests, kName, oci::digest_of(kTwo)));
      });
}

TEST(Interleaving, ADeleteOfAManifestAndAPutOfAnotherLeaveNoTagThatPointsNowhere) {
  expect_one_after_the_other(
      [](World& world) { world.content.manifests.remove(kName, oci::digest_of(kOne)); }, put_two,
      [](World& world) {
        const auto now = support::get(world.content.manifests, kName, tag("t"));
        ASSERT_TRUE(now);  // in either order the put leaves it
        EXPECT_EQ(now->content, kTwo);
        EXPECT_FALSE(support::get(world.content.manifests, kName, oci::digest_of(kOne)));
      });
}

TEST(Interleaving, ADeleteAndAPutOfTheSameManifestLeaveItWholeOrGone) {
  expect_one_after_the_other(
      [](World& world) { world.push_manifest(kName, tag("t"), kOne); },
      [](World& world) { world.content.manifests.remove(kName, oci::digest_of(kOne)); },
      [](World& world) {
        const auto by_tag = support::get(world.content.manifests, kName, tag("t"));
        const auto by_digest = support::get(world.content.manifests, kName, oci::digest_of(kOne));
        EXPECT_EQ(by_tag.has_value(), by_digest.has_value());
      });
}

TEST(Interleaving, TwoPutsOfATagLeaveOneOfThem) {
  expect_one_after_the_other(
      [](World& world) { world.push_manifest(kName, tag("t"), kOne); }, put_two,
      [](World& world) {
        const auto now = support::get(world.content.manifests, kName, tag("t"));
        ASSERT_TRUE(now);
        EXPECT_TRUE(now->content == kOne || now->content == kTwo);
        EXPECT_TRUE(support::get(world.content.manifests, kName, oci::digest_of(kOne)));
        EXPECT_TRUE(support::get(world.content.manifests, kName, oci::digest_of(kTwo)));
      });
}

}  // namespace
}  // namespace registry::fault
