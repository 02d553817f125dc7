#include "registry/content/store_size.hpp"

#include "content_test.hpp"

namespace registry::content {
namespace {

TEST(StoreSize, KnowsNothingUntilItIsCounted) {
  StoreSize size;
  size.grew(10);
  EXPECT_EQ(size.bytes(), std::nullopt);
  const auto begun = size.begin_count();
  size.grew(5);  // the count may have seen it or not
  size.end_count(begun, 100);
  EXPECT_EQ(size.bytes(), 105U);
  size.shrank(200);
  EXPECT_EQ(size.bytes(), 0U);
}

class StoreSizeTest : public ContentTest {
 protected:
  const oci::RepositoryName kName = name_of("a/b");
};
ON_EACH_DRIVER(StoreSizeTest);

TEST_P(StoreSizeTest, UploadsSayWhatComesAndGoes) {
  StoreSize size;
  Uploads uploads(driver(), pins_, locks_, recent_, &size);
  size.end_count(size.begin_count(), 0);
  const auto add = [&](const std::string& id) {
    auto upload = uploads.open(kName, id);
    upload->append(bytes_of("content"));
    return upload;
  };
  const auto kept = uploads.begin(kName);
  add(kept)->keep();
  EXPECT_EQ(size.bytes(), 7U);
  add(kept)->roll_back();
  EXPECT_EQ(size.bytes(), 7U);
  uploads.open(kName, kept)->commit(oci::digest_of("content"));
  EXPECT_EQ(size.bytes(), 7U);
  // Its content is there already.
  add(uploads.begin(kName))->commit(oci::digest_of("content"));
  EXPECT_EQ(size.bytes(), 7U);
  const auto cancelled = uploads.begin(kName);
  add(cancelled)->keep();
  EXPECT_EQ(size.bytes(), 14U);
  EXPECT_TRUE(uploads.cancel(kName, cancelled));
  EXPECT_EQ(size.bytes(), 7U);
}

}  // namespace
}  // namespace registry::content
