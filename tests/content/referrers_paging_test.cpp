#include "content_test.hpp"
#include "paging.hpp"

namespace registry::content {
namespace {

class ReferrersPagingTest : public ContentTest {
 protected:
  void SetUp() override { push_blob(kName, "{}"); }

  std::string push_referrer(std::size_t number, oci::Algorithm algorithm) {
    const auto content = R"({"schemaVersion":2,"config":)" +
                         descriptor("{}", R"(,"mediaType":"config/type")") +
                         R"(,"layers":[],"subject":)" + descriptor(subject_, 1) +
                         R"(,"annotations":{"n":")" + std::to_string(number) + R"("}})";
    return push_manifest(kName, oci::digest_of(content, algorithm), content).str();
  }
  Page list(std::string_view after, std::size_t limit) {
    const auto page = referrers_.list(kName, subject_, after, limit, std::nullopt);
    Page names{{}, !page.last.empty()};
    for (const auto& referrer : page.referrers) names.names.push_back(referrer.digest.str());
    if (names.more) EXPECT_EQ(page.last, names.names.back());
    return names;
  }

  const oci::RepositoryName kName = name_of("a/b");
  oci::Digest subject_ = oci::digest_of("a subject");
};
ON_EACH_DRIVER(ReferrersPagingTest);

TEST_P(ReferrersPagingTest, HasEachOneOnce) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    subject_ = oci::digest_of(std::to_string(seed));
    std::set<std::string, std::less<>> names;
    for (std::size_t i = 0; i < 12; ++i) {
      const auto kind = random.below(3);
      const auto by_sha512 = kind > 0 ? push_referrer(i, oci::Algorithm::sha512) : "";
      // By both it is listed by this one.
      names.insert(kind == 1 ? by_sha512 : push_referrer(i, oci::Algorithm::sha256));
    }
    referrers_.read_manifests_once(kName);
    const Following<std::less<>> following(
        [&](auto after, auto limit) { return list(after, limit); }, random);
    for (int i = 0; i < 20; ++i) following.expect_all(names);
  }
}

TEST_P(ReferrersPagingTest, HasAllThatStayWhileOthersComeAndGo) {
  Random random(2);
  std::set<std::string, std::less<>> names;
  for (std::size_t i = 0; i < 12; ++i) names.insert(push_referrer(i, oci::Algorithm::sha256));
  referrers_.read_manifests_once(kName);
  const auto change = [&](Random& of_thread) {
    const auto digest = push_referrer(1000 + of_thread.below(1000), oci::Algorithm::sha256);
    if (!of_thread.one_in(3)) manifests_.remove(kName, *oci::Digest::parse(digest));
  };
  const Bustle bustle(2, change);
  const Following<std::less<>> following([&](auto after, auto limit) { return list(after, limit); },
                                         random);
  for (int i = 0; !bustle.is_enough(i); ++i) following.expect_all_that_stay(names);
}

}  // namespace
}  // namespace registry::content
