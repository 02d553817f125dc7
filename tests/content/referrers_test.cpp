#include "registry/content/referrers.hpp"

#include "content_test.hpp"

namespace registry::content {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ReferrersTest : public ContentTest {
 protected:
  void SetUp() override { push_blob(kName, "{}"); }

  std::string referrer_of(const oci::Digest& subject, const std::string& more) {
    return R"({"schemaVersion":2,"config":)" + descriptor("{}", R"(,"mediaType":"config/type")") +
           R"(,"layers":[],"subject":)" + descriptor(subject, 1) + more + "}";
  }
  oci::Digest push_referrer(const std::string& more = "",
                            oci::Algorithm algorithm = oci::Algorithm::sha256) {
    const auto content = referrer_of(kSubject, more);
    return push_manifest(kName, oci::digest_of(content, algorithm), content);
  }
  static std::vector<oci::Digest> digests_of(const ReferrersPage& page) {
    std::vector<oci::Digest> digests;
    for (const auto& referrer : page.referrers) digests.push_back(referrer.digest);
    return digests;
  }
  ReferrersPage list(std::optional<std::string_view> type = std::nullopt,
                     std::string_view after = "", std::size_t limit = 100) {
    referrers_.read_manifests_once(kName);
    return referrers_.list(kName, kSubject, after, limit, type);
  }

  const oci::RepositoryName kName = name_of("a/b");
  const oci::Digest kSubject = oci::digest_of("a subject that need not be there");
};
ON_EACH_DRIVER(ReferrersTest);

TEST_P(ReferrersTest, AreListedWithWhatTheirManifestSays) {
  const auto typed = push_referrer(R"(,"artifactType":"sbom/x","annotations":{"k":"v"})");
  const auto page = list();
  ASSERT_EQ(page.referrers.size(), 1U);
  const auto& referrer = page.referrers.front();
  EXPECT_EQ(referrer.digest, typed);
  EXPECT_EQ(referrer.media_type, to_string(oci::MediaType::oci_manifest));
  EXPECT_EQ(referrer.artifact_type, "sbom/x");
  EXPECT_THAT(referrer.annotations, ElementsAre(testing::Pair("k", "v")));
  EXPECT_GT(referrer.size_bytes, 100U);
  EXPECT_EQ(page.last, "");
}

TEST_P(ReferrersTest, HaveTheTypeOfTheirConfigWhereTheySayNone) {
  push_referrer();
  EXPECT_EQ(list().referrers.front().artifact_type, "config/type");
}

TEST_P(ReferrersTest, OfAnIndexHaveNoTypeWhereItSaysNone) {
  const auto content =
      R"({"schemaVersion":2,"manifests":[],"subject":)" + descriptor(kSubject, 1) + "}";
  push_manifest(kName, oci::digest_of(content), content, oci::MediaType::oci_index);
  EXPECT_EQ(list().referrers.front().artifact_type, "");
}

TEST_P(ReferrersTest, AreFilteredByType) {
  const auto a = push_referrer(R"(,"artifactType":"a/a")");
  push_referrer(R"(,"artifactType":"b/b")");
  EXPECT_THAT(digests_of(list("a/a")), ElementsAre(a));
  EXPECT_THAT(digests_of(list("c/c")), IsEmpty());
  EXPECT_EQ(digests_of(list()).size(), 2U);
}

TEST_P(ReferrersTest, AreNoneOfAnUnknownRepositoryOrSubject) {
  push_referrer();
  EXPECT_THAT(referrers_.list(name_of("other"), kSubject, "", 10, {}).referrers, IsEmpty());
  EXPECT_THAT(referrers_.list(kName, oci::digest_of("x"), "", 10, {}).referrers, IsEmpty());
}

TEST_P(ReferrersTest, GoWithTheirManifest) {
  const auto digest = push_referrer();
  ASSERT_EQ(list().referrers.size(), 1U);
  EXPECT_TRUE(manifests_.remove(kName, digest));
  EXPECT_THAT(list().referrers, IsEmpty());
  EXPECT_FALSE(driver().stat(paths::referrer_link(kName, kSubject, digest)));
}

TEST_P(ReferrersTest, CountOnlyWhileTheManifestIsThere) {
  const auto digest = push_referrer();
  driver().remove(paths::revision_link(kName, digest), storage::Survives::process_crash);  // 2.8
  EXPECT_THAT(list().referrers, IsEmpty());
}

TEST_P(ReferrersTest, AreFoundWhere28HasStoredThem) {
  const auto content = referrer_of(kSubject, "");
  const auto digest = oci::digest_of(content);
  put(paths::blob(digest), content);
  put(paths::revision_link(kName, digest), digest.str());
  EXPECT_THAT(digests_of(list()), ElementsAre(digest));
}

TEST_P(ReferrersTest, HaveTheDigestThatTheyWerePushedWith) {
  const auto sha512 = push_referrer("", oci::Algorithm::sha512);
  EXPECT_EQ(sha512.algorithm(), oci::Algorithm::sha512);
  EXPECT_THAT(digests_of(list()), ElementsAre(sha512));
}

TEST_P(ReferrersTest, PushedByBothDigestsAreListedOnce) {
  const auto sha256 = push_referrer();
  push_referrer("", oci::Algorithm::sha512);
  EXPECT_THAT(digests_of(list()), ElementsAre(sha256));
  manifests_.remove(kName, sha256);
  EXPECT_THAT(list().referrers, IsEmpty());
  EXPECT_THAT(names_in(paths::referrers(kName, kSubject) + "/sha512"),
              testing::SizeIs(testing::Le(1)));
  push_referrer();
  EXPECT_THAT(digests_of(list()), ElementsAre(sha256));
}

TEST_P(ReferrersTest, ComeInPages) {
  std::vector<oci::Digest> all;
  for (int i = 0; i < 5; ++i) {
    all.push_back(push_referrer(",\"artifactType\":\"t/" + std::to_string(i) + "\""));
  }
  all.push_back(push_referrer(R"(,"artifactType":"t/x")", oci::Algorithm::sha512));
  std::ranges::sort(all);
  std::vector<oci::Digest> seen;
  std::string last;
  int pages = 0;
  do {
    const auto page = list(std::nullopt, last, 2);
    EXPECT_LE(page.referrers.size(), 2U);
    for (const auto& digest : digests_of(page)) seen.push_back(digest);
    last = page.last;
    ++pages;
  } while (!last.empty());
  EXPECT_EQ(seen, all);
  EXPECT_EQ(pages, 3);
}

TEST_P(ReferrersTest, OfDamagedManifestsAreLeftOut) {
  const auto digest = push_referrer();
  put(paths::blob(digest), "");
  EXPECT_THAT(list().referrers, IsEmpty());
}

}  // namespace
}  // namespace registry::content
