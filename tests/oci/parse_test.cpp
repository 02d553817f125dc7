#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "registry/oci/manifest.hpp"

namespace registry::oci {
namespace {

// They wait for each other, and for nothing else.
TEST(LargeDocuments, MayBeReadByManyAtOnce) {
  const std::string media_type(to_string(MediaType::oci_index));
  const std::string content = R"({"schemaVersion":2,"annotations":{"a":")" +
                              std::string(1 << 20, 'x') + R"("},"mediaType":")" + media_type +
                              R"(","manifests":[]})";
  std::atomic<int> read = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      if (!read_manifest(content, MediaType::oci_index).blobs.empty()) return;
      if (stored_media_type(content) != media_type) return;
      const auto document = read_stored(content);
      if (document.is_whole && document.annotations.size() == 1) ++read;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(read, 4);
}

}  // namespace
}  // namespace registry::oci
