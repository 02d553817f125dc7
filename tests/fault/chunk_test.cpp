// A chunk that was answered with 202: it survives a kill, and after a power loss the status says
// truthfully how far the upload is (docs/architecture.md, rule 1).
#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>

#include "registry/oci/hasher.hpp"
#include "support/run.hpp"
#include "world.hpp"

namespace registry::fault {
namespace {

namespace net = boost::asio;
using support::run;

const auto kName = repository("a");
const std::string kContent = "one chunk, then another, and a third one";
constexpr std::size_t kFirst = 10, kSecond = 25;

net::awaitable<void> append(World& world, std::string id, std::string_view data) {
  const auto upload = co_await world.content.uploads.open(kName, id);
  upload->append(std::as_bytes(std::span(data)));
  co_await upload->keep();
}

// What is missing, and the digest of all: only an upload that is what its status says can end so.
net::awaitable<void> finish(World& world, std::string id) {
  const auto upload = co_await world.content.uploads.open(kName, id);
  const auto rest = std::string_view(kContent).substr(upload->offset());
  upload->append(std::as_bytes(std::span(rest)));
  co_await upload->commit(oci::digest_of(kContent));
}

struct Progress {
  std::string id;
  std::size_t acknowledged = 0;
};

Progress write_chunks(World& world, SimulatedFiles& files, std::size_t crash_at) {
  Progress progress;
  progress.id = world.content.uploads.begin(kName);
  files.crash_at_call(crash_at);
  const std::string_view content = kContent;
  try {
    run(append(world, progress.id, content.substr(0, kFirst)));
    progress.acknowledged = kFirst;
    run(append(world, progress.id, content.substr(kFirst, kSecond - kFirst)));
    progress.acknowledged = kSecond;
    run(append(world, progress.id, content.substr(kSecond)));
    progress.acknowledged = kContent.size();
  } catch (const std::exception&) {
    // Killed here.
  }
  return progress;
}

template <class Recover>
void expect_at_every_call(bool acknowledged_survives, Recover recover) {
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("at call " + std::to_string(n));
    ASSERT_LT(n, 1000U);
    SimulatedFiles files;
    Progress progress;
    bool reached = false;
    {
      World world(files);
      world.push_blob(kName, "so that the repository is there");
      progress = write_chunks(world, files, n);
      reached = files.calls() >= n;
      files.crash_now();
    }
    recover(files);
    World world(files);
    const auto offset = world.content.uploads.acknowledged(kName, progress.id);
    if (acknowledged_survives) {
      ASSERT_TRUE(offset);
      EXPECT_GE(*offset, progress.acknowledged);
    }
    if (offset) {
      run(finish(world, progress.id));
      EXPECT_EQ(world.read_blob(kName, oci::digest_of(kContent)), kContent);
    }
    if (!reached || testing::Test::HasFailure()) break;
  }
}

TEST(Chunk, ThatWasAcknowledgedSurvivesAKill) {
  expect_at_every_call(true, [](SimulatedFiles& files) { files.restart(); });
}

TEST(Chunk, IsWhatTheStatusSaysAfterAPowerLoss) {
  for (const auto loss : {Loss::everything, Loss::bytes, Loss::by_chance}) {
    for (unsigned seed = 0; seed < (loss == Loss::by_chance ? 40 : 1); ++seed) {
      SCOPED_TRACE("loss " + std::to_string(static_cast<int>(loss)) + " seed " +
                   std::to_string(seed));
      expect_at_every_call(false, [&](SimulatedFiles& files) { files.lose_power(loss, seed); });
    }
  }
}

}  // namespace
}  // namespace registry::fault
