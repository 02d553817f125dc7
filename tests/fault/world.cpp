#include "world.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "registry/oci/hasher.hpp"
#include "support/manifests.hpp"

namespace registry::fault {

namespace net = boost::asio;

namespace {

base::Files& with_root(base::Files& files) {
  files.make_directory(kRoot);
  return files;
}

void upload(World& world, const oci::RepositoryName& name, const std::string& content) {
  const auto digest = oci::digest_of(content);
  auto id = world.content.uploads.begin(name);
  const auto bytes = std::as_bytes(std::span(content));
  auto chunk = world.content.uploads.open(name, id);
  chunk->append(bytes.first(bytes.size() / 2));
  chunk->keep();
  chunk.reset();
  const auto last = world.content.uploads.open(name, id);
  std::exception_ptr failure;
  try {
    last->append(bytes.subspan(bytes.size() / 2));
    last->commit(digest);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) return;
  last->roll_back();  // as the handler of the PUT does
  std::rethrow_exception(failure);
}

std::string read_all(storage::BlobReader& reader) {
  std::string content(reader.size(), '\0');
  const auto bytes = std::as_writable_bytes(std::span(content));
  reader.read(0, bytes);
  return content;
}

void expect_whole_manifest(World& world, const oci::RepositoryName& name,
                           const content::Reference& reference) {
  const auto manifest = support::get(world.content.manifests, name, reference);
  ASSERT_TRUE(manifest) << "what a tag or a client names is gone";
  EXPECT_EQ(oci::digest_of(manifest->content, manifest->digest.algorithm()), manifest->digest);
  const auto read = oci::read_manifest(manifest->content, std::nullopt);
  for (const auto& blob : read.blobs) {
    const auto content = world.read_blob(name, blob.digest);
    ASSERT_TRUE(content) << "a manifest misses " << blob.digest.str();
    EXPECT_EQ(oci::digest_of(*content), blob.digest);
  }
  for (const auto& child : read.manifests) {
    EXPECT_TRUE(support::get(world.content.manifests, name, child.digest))
        << "an index misses " << child.digest.str();
  }
}

}  // namespace

World::World(base::Files& files)
    : driver(storage::make_filesystem_driver(with_root(files), kRoot)) {}

void World::push_blob(const oci::RepositoryName& name, const std::string& bytes) {
  upload(*this, name, bytes);
}

void World::push_manifest(const oci::RepositoryName& name, const content::Reference& reference,
                          const std::string& bytes, const std::vector<oci::Tag>& more_tags) {
  content.manifests.put(name, {reference, more_tags, std::nullopt, bytes, {}});
}

std::optional<std::string> World::read_blob(const oci::RepositoryName& name,
                                            const oci::Digest& digest) {
  const auto reader = content.blobs.open(name, digest);
  if (!reader) return std::nullopt;
  return read_all(*reader);
}

oci::RepositoryName repository(const std::string& text) {
  return *oci::RepositoryName::parse(text);
}

oci::Tag tag(const std::string& text) {
  return *oci::Tag::parse(text);
}

std::string manifest_of(const std::vector<std::string>& blobs) {
  auto descriptors = nlohmann::json::array();
  for (const auto& blob : blobs) {
    descriptors.push_back({{"mediaType", "application/octet-stream"},
                           {"digest", oci::digest_of(blob).str()},
                           {"size", blob.size()}});
  }
  nlohmann::json manifest = {{"schemaVersion", 2},
                             {"mediaType", "application/vnd.oci.image.manifest.v1+json"}};
  manifest["config"] = descriptors.front();
  descriptors.erase(0);
  manifest["layers"] = descriptors;
  return manifest.dump();
}

std::string referrer_of(const oci::Digest& subject, const std::vector<std::string>& blobs) {
  auto manifest = nlohmann::json::parse(manifest_of(blobs));
  manifest["subject"] = {
      {"mediaType", manifest["mediaType"]}, {"digest", subject.str()}, {"size", 1}};
  return manifest.dump();
}

// Also those that no repository has: another push may find one there, and rely on it.
void expect_whole_blobs(World& world) {
  const std::string root = "docker/registry/v2/blobs/sha256";
  const auto shelves = world.driver->list(root, "", 1000);
  if (!shelves) return;
  for (const auto& shelf : *shelves) {
    const auto blobs = world.driver->list(root + '/' + shelf.name, "", 1000);
    for (const auto& blob : *blobs) {
      const auto content =
          world.driver->get(root + '/' + shelf.name + '/' + blob.name + "/data", 1 << 20);
      if (content) EXPECT_EQ(oci::digest_of(*content).hex(), blob.name);
    }
  }
}

void expect_whole(World& world) {
  expect_whole_blobs(world);
  for (const auto& text : world.content.catalog.list("", 100).names) {
    const auto name = repository(text);
    const auto tags = world.content.tags.list(name, "", 100);
    if (!tags) continue;
    for (const auto& one : tags->names) expect_whole_manifest(world, name, tag(one));
    const auto revisions = world.driver->list(
        "docker/registry/v2/repositories/" + text + "/_manifests/revisions/sha256", "", 100);
    if (!revisions) continue;
    for (const auto& revision : *revisions) {
      const auto digest = *oci::Digest::parse("sha256:" + revision.name);
      if (support::get(world.content.manifests, name, digest))
        expect_whole_manifest(world, name, digest);
    }
  }
}

}  // namespace registry::fault
