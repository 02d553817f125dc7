#include "registry/content/uploads.hpp"

#include "content_test.hpp"

namespace registry::content {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class UploadsTest : public ContentTest {
 protected:
  std::unique_ptr<Upload> open(const std::string& id) { return uploads_.open(kName, id); }
  void append(Upload& upload, std::string_view text) { upload.append(bytes_of(text)); }
  // What a request does that sends a chunk.
  void send_chunk(const std::string& id, std::string_view text) {
    const auto upload = open(id);
    append(*upload, text);
    upload->keep();
  }
  std::string data(const std::string& id) {
    return get(paths::upload_data(kName, id)).value_or("(absent)");
  }
  std::vector<std::string> states(const std::string& id) {
    return names_in(paths::upload_states(kName, id));
  }
  static std::string state_of(std::string_view text) {
    oci::Sha256 hasher;
    hasher.update(bytes_of(text));
    return hasher.save();
  }
  void put_state(const std::string& id, const std::string& offset, std::string_view state) {
    put(paths::upload_states(kName, id) + '/' + offset, state);
  }

  const oci::RepositoryName kName = name_of("a/b");
};
ON_EACH_DRIVER(UploadsTest);

TEST_P(UploadsTest, BeginsInTheFilesOf28) {
  const auto id = uploads_.begin(kName);
  EXPECT_TRUE(is_upload_id(id));
  EXPECT_EQ(data(id), "");
  EXPECT_THAT(*get(paths::upload_started_at(kName, id)),
              testing::MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_EQ(uploads_.acknowledged(kName, id), 0U);
  EXPECT_NE(uploads_.begin(kName), id);
}

TEST_P(UploadsTest, IsUnknownUnderAnotherIdOrName) {
  const auto id = uploads_.begin(kName);
  EXPECT_EQ(uploads_.acknowledged(kName, "other"), std::nullopt);
  EXPECT_EQ(uploads_.acknowledged(name_of("a"), id), std::nullopt);
  EXPECT_EQ(open("other"), nullptr);
  EXPECT_EQ(uploads_.open(name_of("a"), id), nullptr);
}

TEST_P(UploadsTest, GoesOnWhereAChunkEnded) {
  const auto id = uploads_.begin(kName);
  send_chunk(id, "hello ");
  EXPECT_EQ(uploads_.acknowledged(kName, id), 6U);
  send_chunk(id, "world");
  const auto upload = open(id);
  EXPECT_EQ(upload->offset(), 11U);
  EXPECT_EQ(upload->id(), id);
  const auto blob = upload->commit(oci::digest_of("hello world"));
  EXPECT_EQ(blob.size_bytes, 11U);
  EXPECT_EQ(get(paths::blob(blob.sha256)), "hello world");
}

TEST_P(UploadsTest, GoesOnInAnotherProcess) {
  const auto id = uploads_.begin(kName);
  const std::string first(100'000, 'x');
  send_chunk(id, first);
  Uploads restarted(driver(), pins_, locks_, recent_);
  EXPECT_EQ(restarted.acknowledged(kName, id), 100'000U);
  const auto upload = restarted.open(kName, id);
  EXPECT_EQ(upload->offset(), 100'000U);
  append(*upload, "end");
  EXPECT_NO_THROW(upload->commit(oci::digest_of(first + "end")));
}

TEST_P(UploadsTest, CutsWhatNoStateVouchesFor) {
  const auto id = uploads_.begin(kName);
  send_chunk(id, "abc");
  put(paths::upload_data(kName, id), "abcXYZ");
  EXPECT_EQ(uploads_.acknowledged(kName, id), 3U);
  const auto upload = open(id);
  EXPECT_EQ(upload->offset(), 3U);
  append(*upload, "def");
  EXPECT_NO_THROW(upload->commit(oci::digest_of("abcdef")));
  EXPECT_EQ(get(paths::blob(oci::digest_of("abcdef"))), "abcdef");
}

TEST_P(UploadsTest, BeginsAgainWithoutAState) {
  const auto id = uploads_.begin(kName);
  put(paths::upload_data(kName, id), "abc");
  EXPECT_EQ(uploads_.acknowledged(kName, id), 0U);
  {
    const auto upload = open(id);
    EXPECT_EQ(upload->offset(), 0U);
  }
  EXPECT_EQ(data(id), "");
}

TEST_P(UploadsTest, BeginsAgainWithoutItsData) {
  const auto id = uploads_.begin(kName);
  driver().remove(paths::upload_data(kName, id), storage::Survives::process_crash);
  EXPECT_EQ(uploads_.acknowledged(kName, id), 0U);
  send_chunk(id, "abc");
  EXPECT_EQ(data(id), "abc");
}

TEST_P(UploadsTest, FallsBackToTheStateBefore) {
  const auto id = uploads_.begin(kName);
  send_chunk(id, "abc");
  send_chunk(id, "def");
  put(paths::upload_data(kName, id), "abcd");  // as after a power loss
  EXPECT_EQ(uploads_.acknowledged(kName, id), 3U);
  EXPECT_EQ(open(id)->offset(), 3U);
}

TEST_P(UploadsTest, ForgetsAStateOfMoreThanThereIs) {
  const auto id = uploads_.begin(kName);
  send_chunk(id, "abc");
  put_state(id, "6", state_of("abcdef"));
  Uploads restarted(driver(), pins_, locks_, recent_);
  {
    const auto upload = restarted.open(kName, id);
    EXPECT_EQ(upload->offset(), 3U);
    append(*upload, "DEFGHI");
  }
  // The process ended before it could keep that. The old state is of other bytes.
  EXPECT_EQ(uploads_.acknowledged(kName, id), 3U);
  EXPECT_EQ(open(id)->offset(), 3U);
}

TEST_P(UploadsTest, DoesNotBelieveADamagedState) {
  const auto good = state_of("abc");
  for (const std::string& state : {good.substr(0, 107), good + "x", std::string(),
                                   std::string(108, '\0'), state_of("ab"), std::string("x")}) {
    const auto id = uploads_.begin(kName);
    put(paths::upload_data(kName, id), "abc");
    put_state(id, "3", state);
    EXPECT_EQ(uploads_.acknowledged(kName, id), 0U);
    EXPECT_EQ(open(id)->offset(), 0U);
  }
}

TEST_P(UploadsTest, IgnoresStrayFilesAmongItsStates) {
  const auto id = uploads_.begin(kName);
  send_chunk(id, "abc");
  put_state(id, "x", "x");
  put_state(id, "-1", "x");
  put_state(id, "99999999999999999999", "x");
  EXPECT_EQ(open(id)->offset(), 3U);
}

TEST_P(UploadsTest, KeepsTwoStates) {
  const auto id = uploads_.begin(kName);
  for (const char* chunk : {"a", "b", "c", "d"}) send_chunk(id, chunk);
  EXPECT_THAT(states(id), ElementsAre("3", "4"));
  // As 2.8 writes it, but for a byte that no hash uses.
  auto state = *get(paths::upload_states(kName, id) + "/4");
  EXPECT_EQ(std::exchange(state[4 + 8 * 4 + 63], '\0'), '\x01');
  EXPECT_EQ(state, state_of("abcd"));
}

TEST_P(UploadsTest, ThatAnotherRegistryWroteToLastAreHashedAgain) {
  const auto id = uploads_.begin(kName);
  send_chunk(id, "abc");
  // 2.8 goes on, and ends before its data is safe; its state speaks of more than there is.
  put(paths::upload_data(kName, id), "abcde");
  put(paths::upload_states(kName, id) + "/7", state_of("abcdefg"));
  EXPECT_EQ(uploads_.acknowledged(kName, id), 5U);
  const auto upload = open(id);
  EXPECT_EQ(upload->offset(), 5U);
  EXPECT_THAT(states(id), ElementsAre("5"));
  EXPECT_EQ(upload->commit(oci::digest_of("abcde")).size_bytes, 5U);
}

TEST_P(UploadsTest, GoOnFromTheStateBeforeOneThatIsGarbled) {
  const auto id = uploads_.begin(kName);
  send_chunk(id, "abc");
  send_chunk(id, "def");
  put(paths::upload_states(kName, id) + "/6", "");  // as a power loss leaves it
  Uploads restarted(driver(), pins_, locks_, recent_);
  EXPECT_EQ(restarted.acknowledged(kName, id), 3U);
  EXPECT_EQ(restarted.open(kName, id)->offset(), 3U);
}

TEST_P(UploadsTest, KeepsNoStateForOffset0) {
  const auto id = uploads_.begin(kName);
  open(id)->keep();
  EXPECT_THAT(states(id), IsEmpty());
}

TEST_P(UploadsTest, RollsBackToWhereTheRequestBegan) {
  const auto id = uploads_.begin(kName);
  send_chunk(id, "abc");
  {
    const auto upload = open(id);
    append(*upload, "wrong");
    upload->roll_back();
    EXPECT_EQ(upload->offset(), 3U);
    append(*upload, "def");
    upload->roll_back();
  }
  EXPECT_EQ(data(id), "abc");
  EXPECT_EQ(uploads_.acknowledged(kName, id), 3U);
  send_chunk(id, "def");
  EXPECT_NO_THROW(open(id)->commit(oci::digest_of("abcdef")));
}

TEST_P(UploadsTest, CommitMakesABlobAndEndsTheUpload) {
  const auto id = uploads_.begin(kName);
  const auto upload = open(id);
  append(*upload, "content");
  const auto digest = oci::digest_of("content");
  const auto blob = upload->commit(digest);
  EXPECT_EQ(blob.sha256, digest);
  EXPECT_EQ(get(paths::blob(digest)), "content");
  EXPECT_EQ(get(paths::layer_link(kName, digest)), digest.str());
  EXPECT_EQ(uploads_.acknowledged(kName, id), std::nullopt);
  EXPECT_FALSE(driver().stat(paths::upload(kName, id)));
}

TEST_P(UploadsTest, CommitOfNothingMakesTheEmptyBlob) {
  EXPECT_EQ(push_blob(kName, ""), oci::empty_digest());
  EXPECT_EQ(get(paths::blob(oci::empty_digest())), "");
  EXPECT_EQ(blobs_.stat(kName, oci::empty_digest())->size_bytes, 0U);
}

TEST_P(UploadsTest, CommitOfAnotherDigestLeavesTheUpload) {
  const auto id = uploads_.begin(kName);
  send_chunk(id, "abc");
  const auto wrong = oci::digest_of("other");
  {
    const auto upload = open(id);
    EXPECT_EQ(error_of([&] { upload->commit(wrong); }), oci::ErrorCode::digest_invalid);
    EXPECT_EQ(error_of([&] { upload->commit(oci::digest_of("other", oci::Algorithm::sha512)); }),
              oci::ErrorCode::digest_invalid);
  }
  EXPECT_FALSE(driver().stat(paths::blob(wrong)));
  EXPECT_FALSE(driver().stat(paths::layer_link(kName, wrong)));
  EXPECT_EQ(uploads_.acknowledged(kName, id), 3U);
  EXPECT_NO_THROW(open(id)->commit(oci::digest_of("abc")));
}

TEST_P(UploadsTest, HashBySha512FromTheBeginningWhereItWasAnnounced) {
  const std::string text = "announced as sha512";
  const auto sha512 = oci::digest_of(text, oci::Algorithm::sha512);
  const auto id = uploads_.begin(kName, oci::Algorithm::sha512);
  auto upload = uploads_.open(kName, id);
  upload->append(bytes_of(text.substr(0, 5)));
  upload->keep();
  upload.reset();
  // Both states stand for the same bytes: nothing has to be read again.
  const auto states = paths::upload_states(kName, id, oci::Algorithm::sha512);
  EXPECT_THAT(names_in(states), testing::Contains("5"));
  upload = uploads_.open(kName, id);
  EXPECT_EQ(upload->offset(), 5U);
  upload->append(bytes_of(text.substr(5)));
  EXPECT_EQ(upload->commit(sha512).sha256, oci::digest_of(text));
  EXPECT_TRUE(blobs_.stat(kName, sha512));
}

TEST_P(UploadsTest, ReadTheBytesAgainWhereTheStateOfSha512IsLost) {
  const std::string text = "announced as sha512";
  const auto sha512 = oci::digest_of(text, oci::Algorithm::sha512);
  const auto id = uploads_.begin(kName, oci::Algorithm::sha512);
  auto upload = uploads_.open(kName, id);
  upload->append(bytes_of(text));
  upload->keep();
  upload.reset();
  driver().remove_tree(paths::upload_states(kName, id, oci::Algorithm::sha512),
                       storage::Survives::process_crash);
  upload = uploads_.open(kName, id);
  EXPECT_EQ(upload->commit(sha512).sha256, oci::digest_of(text));
}

TEST_P(UploadsTest, KeepBothHashesWhenRolledBack) {
  const auto sha512 = oci::digest_of("right", oci::Algorithm::sha512);
  const auto id = uploads_.begin(kName);
  const auto upload = uploads_.open(kName, id);
  upload->expect(oci::Algorithm::sha512);
  upload->append(bytes_of("wrong"));
  EXPECT_EQ(error_of([&] { upload->commit(sha512); }), oci::ErrorCode::digest_invalid);
  upload->roll_back();
  upload->append(bytes_of("right"));
  EXPECT_EQ(upload->commit(sha512).sha256, oci::digest_of("right"));
}

TEST_P(UploadsTest, AreRemovedWhenNobodyHasTouchedThem) {
  const auto id = uploads_.begin(kName);
  put(paths::upload_started_at(kName, id), "2020-01-01T00:00:00Z");
  EXPECT_THAT(uploads_.ids(kName), testing::ElementsAre(id));
  const auto now = std::chrono::system_clock::now();
  const auto touched = uploads_.last_touched(kName, id);
  ASSERT_TRUE(touched);
  EXPECT_FALSE(uploads_.remove_untouched(kName, id, *touched));
  {
    const auto in_use = uploads_.open(kName, id);
    EXPECT_FALSE(uploads_.remove_untouched(kName, id, now + std::chrono::hours(1)));
  }
  EXPECT_TRUE(uploads_.remove_untouched(kName, id, now + std::chrono::hours(1)));
  EXPECT_THAT(uploads_.ids(kName), testing::IsEmpty());
  EXPECT_FALSE(uploads_.last_touched(kName, id));
}

TEST_P(UploadsTest, CommitBySha512MakesBothLinks) {
  const auto sha512 = oci::digest_of("content", oci::Algorithm::sha512);
  const auto sha256 = oci::digest_of("content");
  const auto id = uploads_.begin(kName);
  const auto upload = open(id);
  append(*upload, "content");
  EXPECT_EQ(upload->commit(sha512).sha256, sha256);
  EXPECT_EQ(get(paths::layer_link(kName, sha256)), sha256.str());
  EXPECT_EQ(get(paths::layer_link(kName, sha512)), sha256.str());
  EXPECT_EQ(get(paths::blob(sha256)), "content");
}

TEST_P(UploadsTest, CommitReplacesAStoredBlobOfAnotherSize) {
  const auto digest = oci::digest_of("content");
  for (const char* damaged : {"", "cont", "content and more"}) {
    put(paths::blob(digest), damaged);
    push_blob(kName, "content");
    EXPECT_EQ(get(paths::blob(digest)), "content") << damaged;
  }
}

TEST_P(UploadsTest, CommitOfWhatIsStoredOnlyLinksIt) {
  push_blob(kName, "content");
  const auto other = name_of("other");
  EXPECT_EQ(push_blob(other, "content"), oci::digest_of("content"));
  EXPECT_EQ(blobs_.stat(other, oci::digest_of("content"))->size_bytes, 7U);
  EXPECT_THAT(names_in(paths::repository(other) + "/_uploads"), IsEmpty());
}

TEST_P(UploadsTest, CancelRemovesAll) {
  const auto id = uploads_.begin(kName);
  send_chunk(id, "abc");
  {
    const auto upload = open(id);
    append(*upload, "def");
    EXPECT_EQ(error_of([&] { uploads_.cancel(kName, id); }), oci::ErrorCode::blob_upload_in_use);
  }
  EXPECT_TRUE(uploads_.cancel(kName, id));
  EXPECT_FALSE(uploads_.cancel(kName, id));
  EXPECT_FALSE(driver().stat(paths::upload(kName, id)));
  EXPECT_EQ(uploads_.acknowledged(kName, id), std::nullopt);
  EXPECT_EQ(open(id), nullptr);
}

TEST_P(UploadsTest, IsInUseByOneRequestAtATime) {
  const auto id = uploads_.begin(kName);
  {
    const auto upload = open(id);
    EXPECT_EQ(error_of([&] { open(id); }), oci::ErrorCode::blob_upload_in_use);
    EXPECT_EQ(uploads_.acknowledged(kName, id), 0U);  // but one may ask
    const auto another = open(uploads_.begin(kName));
    EXPECT_NE(another, nullptr);
  }
  EXPECT_NE(open(id), nullptr);
}

TEST_P(UploadsTest, PinsWhatItMakesABlob) {
  const auto digest = oci::digest_of("pinned");
  const auto before = Pins::Clock::now();  // but behind the start, which counts for everything
  EXPECT_FALSE(pins_.protects(oci::digest_of("never"), before));
  push_blob(kName, "pinned");
  EXPECT_TRUE(pins_.protects(digest, before));
}

TEST(UploadId, IsSafeInAPath) {
  for (const char* id : {"6b3c9a93-af5d-473f-a4ba-a7ba9cc4c1d5", "a", "A_b-c.d=", "0", "-", "_"}) {
    EXPECT_TRUE(is_upload_id(id)) << id;
  }
  for (const char* id : {"", ".", "..", ".a", "a/b", "a b", "a%", "ä", "a\n", "a:b", "a+b"}) {
    EXPECT_FALSE(is_upload_id(id)) << id;
  }
  EXPECT_TRUE(is_upload_id(std::string(128, 'a')));
  EXPECT_FALSE(is_upload_id(std::string(129, 'a')));
}

}  // namespace
}  // namespace registry::content
