#include "content_test.hpp"

namespace registry::content {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Uploads as 2.8 leaves them: it writes a state for offset 0 at once, and each state before the
// data that it speaks of is synced.
class UploadsOf28 : public ContentTest {
 protected:
  void leave(std::string_view data, std::initializer_list<std::string_view> states) {
    put(paths::upload_started_at(kName, kId), "2026-11-23T11:11:00Z");
    put(paths::upload_data(kName, kId), data);
    for (const auto hashed : states) {
      oci::Sha256 hasher;
      hasher.update(bytes_of(hashed));
      put(paths::upload_states(kName, kId) + '/' + std::to_string(hashed.size()), hasher.save());
    }
  }
  std::unique_ptr<Upload> open() { return run(uploads_.open(kName, kId)); }
  std::vector<std::string> states() { return names_in(paths::upload_states(kName, kId)); }

  const oci::RepositoryName kName = name_of("a/b");
  const std::string kId = "6b3c9a93-af5d-473f-a4ba-a7ba9cc4c1d5";
};
ON_EACH_DRIVER(UploadsOf28);

TEST_P(UploadsOf28, AreAcknowledgedByTheirSize) {
  leave("hello world", {"", "hello", "hello world"});
  EXPECT_EQ(uploads_.acknowledged(kName, kId), 11U);
}

TEST_P(UploadsOf28, AreHashedAgainAndComplete) {
  leave("hello world", {"", "hello", "hello world"});
  const auto upload = open();
  EXPECT_EQ(upload->offset(), 11U);
  upload->append(bytes_of("!"));
  EXPECT_NO_THROW(run(upload->commit(oci::digest_of("hello world!"))));
  EXPECT_EQ(get(paths::blob(oci::digest_of("hello world!"))), "hello world!");
}

TEST_P(UploadsOf28, AreLongerThanABlockOfTheReader) {
  const std::string data(700'000, 'x');
  leave(data, {"", data});
  EXPECT_NO_THROW(run(open()->commit(oci::digest_of(data))));
}

TEST_P(UploadsOf28, AreOursOnceTheyWereOpened) {
  leave("hello world", {"", "hello", "hello world"});
  open();
  EXPECT_THAT(states(), ElementsAre("11"));
  EXPECT_EQ(uploads_.acknowledged(kName, kId), 11U);
}

TEST_P(UploadsOf28, AreNotBelievedWhereTheDataIsOther) {
  leave("HELLO WORLD", {"", "hello", "hello world"});
  const auto upload = open();
  EXPECT_EQ(error_of([&] { run(upload->commit(oci::digest_of("hello world"))); }),
            oci::ErrorCode::digest_invalid);
  EXPECT_NO_THROW(run(upload->commit(oci::digest_of("HELLO WORLD"))));
}

TEST_P(UploadsOf28, MayHaveLostDataThatAStateSpeaksOf) {
  leave("hello", {"", "hello world"});
  EXPECT_EQ(uploads_.acknowledged(kName, kId), 5U);
  {
    const auto upload = open();
    EXPECT_EQ(upload->offset(), 5U);
    upload->append(bytes_of(" there, all of you"));
  }
  // The process ended before it could keep that. The state of 2.8's is of other bytes.
  const auto upload = open();
  EXPECT_EQ(upload->offset(), 5U);
  EXPECT_EQ(error_of([&] { run(upload->commit(oci::digest_of("hello world"))); }),
            oci::ErrorCode::digest_invalid);
}

TEST_P(UploadsOf28, MayHaveJustBegun) {
  leave("", {""});
  EXPECT_EQ(uploads_.acknowledged(kName, kId), 0U);
  EXPECT_EQ(open()->offset(), 0U);
  EXPECT_THAT(states(), IsEmpty());
}

TEST_P(UploadsOf28, ThatWereCancelledAreGone) {
  // It leaves a state behind, and nothing else.
  put(paths::upload_states(kName, kId) + "/0", oci::Sha256().save());
  EXPECT_EQ(uploads_.acknowledged(kName, kId), std::nullopt);
  EXPECT_EQ(open(), nullptr);
}

}  // namespace
}  // namespace registry::content
