#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using std::chrono::hours;

TEST(Storage, PurgesUploadsByDefault) {
  for (const char* text : {"", "  maintenance:\n", "  maintenance: {uploadpurging: }\n",
                           "  maintenance: {uploadpurging: {}}\n"}) {
    const auto [config, warnings] = parse_text(kLeast + text);
    const auto& purging = config.storage.maintenance.uploadpurging;
    EXPECT_TRUE(purging.enabled) << text;
    EXPECT_EQ(purging.age, hours(168)) << text;
    EXPECT_EQ(purging.interval, hours(24)) << text;
    EXPECT_FALSE(purging.dryrun) << text;
    EXPECT_THAT(warnings, IsEmpty());
  }
}

TEST(Storage, ReadsEachKeyOfPurgingByItself) {
  const auto purging = [](const std::string& text) {
    const auto loaded = parse_text(kLeast + "  maintenance: {uploadpurging: {" + text + "}}\n");
    EXPECT_THAT(loaded.warnings, IsEmpty());
    return loaded.config.storage.maintenance.uploadpurging;
  };
  EXPECT_FALSE(purging("enabled: false").enabled);
  EXPECT_EQ(purging("age: 10h").age, hours(10));
  EXPECT_EQ(purging("interval: 2h").interval, hours(2));
  EXPECT_TRUE(purging("dryrun: true").dryrun);
}

TEST(Storage, CanBeReadOnly) {
  const auto is_read_only = [](const std::string& text) {
    return parse_text(kLeast + text).config.storage.maintenance.readonly.enabled;
  };
  EXPECT_TRUE(is_read_only("  maintenance: {readonly: {enabled: true}}\n"));
  EXPECT_FALSE(is_read_only("  maintenance: {readonly: {enabled: false}}\n"));
  EXPECT_FALSE(is_read_only("  maintenance: {readonly: }\n"));
  EXPECT_FALSE(is_read_only(""));
}

TEST(Storage, RefusesMaintenanceOfTheWrongForm) {
  expect_refusals(
      {{"  maintenance:\n    uploadpurging: false",
        "test.yml:5: storage.maintenance.uploadpurging: must be a map"},
       {"  maintenance:\n    uploadpurging: {age: 0s}", "uploadpurging.age: must be longer than"},
       {"  maintenance:\n    uploadpurging: {interval: 0}", "interval: must be longer than"},
       {"  maintenance:\n    uploadpurging: {interval: daily}", "interval: must be a duration"},
       {"  maintenance:\n    uploadpurging: {dryrun: 'true'}", "dryrun: must be true or false"},
       {"  maintenance:\n    readonly: true", "storage.maintenance.readonly: must be a map"},
       {"  maintenance:\n    readonly: {enabled: 1}", "readonly.enabled: must be true or false"}});
}

TEST(Storage, WarnsOfUnknownMaintenance) {
  expect_warning("  maintenance:\n    readonly: {enable: true}\n",
                 "did you mean storage.maintenance.readonly.enabled?");
  expect_warning("  maintenance:\n    uploadpurging: {ages: 1h}\n",
                 "did you mean storage.maintenance.uploadpurging.age?");
  expect_warning("  maintenance:\n    read-only: {}\n",
                 "did you mean storage.maintenance.readonly?");
}

TEST(Storage, TakesTheCacheOfTheStockFileWithoutAWord) {
  for (const char* kind : {"inmemory", "none", "", "anything"}) {
    expect_no_warning("  cache: {blobdescriptor: " + std::string(kind) + "}\n");
    expect_no_warning("  cache: {layerinfo: " + std::string(kind) + "}\n");
  }
  expect_no_warning("  cache: {blobdescriptorsize: 10000}\n");
  expect_no_warning("  cache:\n");
}

TEST(Storage, SaysThatRedisIsNoCache) {
  expect_warning("  cache:\n    blobdescriptor: redis\n",
                 "test.yml:5: storage.cache.blobdescriptor: redis is not used");
  expect_warning("  cache: {layerinfo: redis}\n", "storage.cache.layerinfo: redis is not used");
}

TEST(Storage, LooksAtTheTypesOfWhatHasNoEffect) {
  expect_refusals({{"  cache: true", "storage.cache: must be a map"},
                   {"  cache: {blobdescriptor: []}", "blobdescriptor: must be a text"},
                   {"  cache: {blobdescriptorsize: all}", "must be a whole number"},
                   {"  redirect: {disable: 7}", "storage.redirect.disable: must be true or false"},
                   {"  tag: {concurrencylimit: many}", "must be a whole number"}});
}

TEST(Storage, RedirectsNothing) {
  expect_no_warning("  redirect: {disable: true}\n");
  expect_no_warning("  redirect:\n");
  expect_warning("  redirect:\n    disable: false\n",
                 "test.yml:5: storage.redirect.disable: the daemon sends all blobs itself");
}

TEST(Storage, TakesALimitOfLookups) {
  expect_no_warning("  tag: {concurrencylimit: 8}\n");
}

TEST(Storage, SaysWhichDriversComeLater) {
  EXPECT_THAT(refusal("version: 0.1\nstorage:\n  s3:\n    bucket: b\n"),
              HasSubstr("test.yml:3: storage.s3: this driver is not available in this version, and "
                        "comes later"));
  for (const std::string driver : {"azure", "gcs", "swift", "oss"}) {
    const auto says = ": this driver will not come: use filesystem";
    EXPECT_THAT(refusal("version: 0.1\nstorage:\n  " + driver + ":\n    a: b\n"),
                HasSubstr("test.yml:3: storage." + driver + says));
    EXPECT_THAT(refusal("version: 0.1\nstorage: " + driver + "\n"),
                HasSubstr("test.yml:2: storage" + std::string(says)));
  }
}

TEST(Storage, MayBeOneWord) {
  EXPECT_EQ(parse_text("version: 0.1\nstorage: filesystem\n").config.storage.driver,
            Driver::filesystem);
  EXPECT_EQ(parse_text("version: 0.1\nstorage: inmemory\n").config.storage.driver,
            Driver::inmemory);
}

}  // namespace
}  // namespace registry::config
