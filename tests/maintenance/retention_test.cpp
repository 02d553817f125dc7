#include "registry/maintenance/retention.hpp"

#include "maintenance_test.hpp"
#include "support/unreadable_driver.hpp"

namespace registry::maintenance {
namespace {

using namespace std::chrono_literals;
using support::UnreadableDriver;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Rules on a store on disk; a store in memory has no times.
class RetentionTest : public MaintenanceTest {
 protected:
  RetentionTest() {
    rules_.rules.resize(1);
    rules_.rules[0].repositories = {"a/*"};
    run_.now += 1s;  // later than what is pushed: a new second may begin meanwhile
  }
  config::Retention::Rule& rule() { return rules_.rules[0]; }

  Retained apply(storage::Driver& driver, content::Content& content) {
    removals_.clear();
    return apply_retention(content, driver, rules_, run_,
                           [&](const Removal& removal) { removals_.push_back(removal); });
  }
  Retained apply() {
    content::Content content(driver(), acceptance_, io_);
    return apply(driver(), content);
  }
  // An image of one blob, by its digest alone.
  oci::Digest push_untagged(const std::string& text) {
    push_blob(kName, text);
    const auto content = manifest(descriptor(text));
    return push_manifest(kName, oci::digest_of(content), content);
  }
  std::vector<std::string> tags(const oci::RepositoryName& name) {
    return names_in(paths::tags(name));
  }
  bool has_revision(const oci::Digest& sha256) { return has(paths::revision_link(kName, sha256)); }

  const oci::RepositoryName kName = name_of("a/b");
  config::Retention rules_;
  RetentionRun run_{.alone = true};
  std::vector<Removal> removals_;
};
INSTANTIATE_TEST_SUITE_P(, RetentionTest, testing::Values(Backend::filesystem), backend_name);

TEST_P(RetentionTest, RemovesTagsAndTheirManifests) {
  const auto one = push_image(kName, tag_of("one"), "1");
  const auto two = push_image(kName, tag_of("two"), "2");
  const auto other = push_image(name_of("other/b"), tag_of("one"), "3");
  rule().keep = {{}, 1, {}, {}};
  const auto retained = apply();
  EXPECT_EQ(retained.tags, 1U);
  EXPECT_EQ(retained.manifests, 1U);
  EXPECT_EQ(retained.unreadable, 0U);
  EXPECT_THAT(tags(kName), ElementsAre("two"));
  EXPECT_FALSE(has_revision(one));
  EXPECT_TRUE(has_revision(two));
  EXPECT_TRUE(has_manifest(name_of("other/b"), other));
  ASSERT_EQ(removals_.size(), 2U);
  EXPECT_EQ(removals_[0].tag, tag_of("one"));
  EXPECT_EQ(removals_[1].tag, std::nullopt);
  EXPECT_EQ(removals_[1].sha256, one);
}

TEST_P(RetentionTest, RemovesNothingInADryRun) {
  push_image(kName, tag_of("one"), "1");
  push_image(kName, tag_of("two"), "2");
  rule().keep = {{}, 1, {}, {}};
  const auto before = tree();
  run_.dry_run = true;
  EXPECT_EQ(apply().tags, 1U);
  EXPECT_EQ(removals_.size(), 2U);
  EXPECT_EQ(tree(), before);
}

TEST_P(RetentionTest, CountsAnotherPushOfTheSameAsAPush) {
  push_image(kName, tag_of("first"), "1");
  push_image(kName, tag_of("second"), "2");
  push_image(kName, tag_of("first"), "1");
  rule().keep = {{}, 1, {}, {}};
  apply();
  EXPECT_THAT(tags(kName), ElementsAre("first"));
}

TEST_P(RetentionTest, TakesAnIndexWithItsChildrenAndSignatures) {
  const auto child = push_untagged("child");
  const auto index = push_index(kName, tag_of("old"), index_of({child}));
  const auto referrer = push_referrer(kName, child, "attestation");
  const auto signature =
      push_image(kName, tag_of("sha256-" + std::string(index.hex()) + ".sig"), "signature");
  push_image(kName, tag_of("new"), "new");
  rule().keep = {{"new"}, {}, {}, {}};
  EXPECT_EQ(apply().manifests, 4U);
  EXPECT_THAT(tags(kName), ElementsAre("new"));
  for (const auto& gone : {child, index, referrer, signature}) EXPECT_FALSE(has_revision(gone));
}

TEST_P(RetentionTest, LeavesWhatIsPromisedUntilTheNextRun) {
  const auto one = push_image(kName, tag_of("one"), "1");
  rule().keep = {{"none"}, {}, {}, {}};
  run_.alone = false;
  content::Content content(driver(), acceptance_, io_);  // which promises everything at its start
  EXPECT_EQ(apply(driver(), content).tags, 1U);
  EXPECT_THAT(tags(kName), IsEmpty());
  EXPECT_TRUE(has_revision(one));
  run_.alone = true;
  EXPECT_EQ(apply(driver(), content).manifests, 1U);
  EXPECT_FALSE(has_revision(one));
}

TEST_P(RetentionTest, KeepsChildrenThatArePromisedAndTakesThemLater) {
  const auto child = push_untagged("child");
  const auto index = push_index(kName, tag_of("old"), index_of({child}));
  rule().keep = {{"none"}, {}, {}, {}};
  content::Content content(driver(), acceptance_, io_);
  {
    const auto pin = content.pins.pin(child);
    EXPECT_EQ(apply(driver(), content).manifests, 1U);
  }
  EXPECT_FALSE(has_revision(index));
  EXPECT_TRUE(has_revision(child));
  EXPECT_EQ(apply(driver(), content).manifests, 1U);
  EXPECT_FALSE(has_revision(child));
}

TEST_P(RetentionTest, KeepsWhatAPinnedIndexNeeds) {
  const auto child = push_untagged("child");
  const auto index = push_index(kName, tag_of("old"), index_of({child}));
  rule().keep = {{"none"}, {}, {}, {}};
  content::Content content(driver(), acceptance_, io_);
  const auto pin = content.pins.pin(index);
  EXPECT_EQ(apply(driver(), content).manifests, 0U);
  EXPECT_TRUE(has_revision(index));
  EXPECT_TRUE(has_revision(child));
}

TEST_P(RetentionTest, KeepsWhatIsPulledOrPinned) {
  const auto one = push_image(kName, tag_of("one"), "1");
  push_image(kName, tag_of("two"), "2");
  content::Content content(driver(), acceptance_, io_);
  content.manifests.fetch(kName, tag_of("one"))->use->pull(std::chrono::system_clock::now());
  rule().keep = {{}, {}, {}, 1h};
  run_.now += 10min;
  // What was there before the records began may have been pulled as well.
  EXPECT_EQ(apply(driver(), content).tags, 0U);
  run_.now += 51min;
  content.uses.of(kName, one)->pull(run_.now);
  EXPECT_EQ(apply(driver(), content).tags, 1U);
  EXPECT_THAT(tags(kName), ElementsAre("one"));
  rule().keep = {{"none"}, {}, {}, {}};
  const auto pin = content.pins.pin(one);
  EXPECT_EQ(apply(driver(), content).manifests, 0U);
  EXPECT_TRUE(has_revision(one));
}

TEST_P(RetentionTest, TakesAnOverwrittenDigestWhenItsTimeHasCome) {
  content::Content content(driver(), acceptance_, io_);
  const auto push = [&](const std::string& text) {
    push_blob(kName, text);
    const auto document = manifest(descriptor(text));
    content.manifests.put(kName, {tag_of("v1"), {}, oci::MediaType::oci_manifest, document, {}});
    return oci::digest_of(document);
  };
  const auto old = push("old");
  const auto now = push("new");
  rule().untagged = 1h;
  EXPECT_EQ(apply(driver(), content).manifests, 0U);
  run_.now += 2h;
  EXPECT_EQ(apply(driver(), content).manifests, 1U);
  EXPECT_FALSE(has_revision(old));
  EXPECT_TRUE(has_revision(now));
}

TEST_P(RetentionTest, LeavesARepositoryThatCannotBeReadWhole) {
  const auto one = push_image(kName, tag_of("one"), "1");
  push_image(kName, tag_of("two"), "2");
  push_image(name_of("a/c"), tag_of("one"), "1");
  rule().keep = {{"none"}, {}, {}, {}};
  put(paths::tag_current(kName, tag_of("two")), "garbled");
  EXPECT_EQ(apply().unreadable, 1U);
  EXPECT_TRUE(has_revision(one));
  EXPECT_THAT(tags(kName), UnorderedElementsAre("one", "two"));
  EXPECT_THAT(tags(name_of("a/c")), IsEmpty());
}

TEST_P(RetentionTest, CountsTheBytesThatNothingElseNeeds) {
  push_blob(kName, "shared");
  const auto push = [&](const oci::RepositoryName& name, const std::string& tag,
                        const std::string& text) {
    push_blob(name, "shared");
    push_blob(name, text);
    const auto document = manifest(descriptor(text), descriptor("shared"));
    push_manifest(name, tag_of(tag), document);
    return document.size() + text.size();
  };
  const auto bytes = push(kName, "one", "11111");
  push(name_of("other"), "two", "2222222");
  rule().keep = {{"none"}, {}, {}, {}};
  run_.dry_run = true;
  apply();
  EXPECT_EQ(freed_bytes(driver(), removals_), bytes);
  run_.dry_run = false;
  apply();
  EXPECT_EQ(freed_bytes(driver(), removals_), bytes);
  EXPECT_EQ(freed_bytes(driver(), {}), 0U);
}

}  // namespace
}  // namespace registry::maintenance
