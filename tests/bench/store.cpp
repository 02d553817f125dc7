#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include "workloads.hpp"

namespace registry::bench {

namespace {

std::string numbered(const char* form, unsigned number) {
  char text[64];
  std::snprintf(text, sizeof text, form, number);
  return text;
}

// Writes files in the layout of Docker Registry 2.8 (registry/storage/paths.hpp), without syncs.
class Store {
 public:
  explicit Store(const std::string& root) : root_(root + "/docker/registry/v2/") {}

  std::string put_blob(const std::string& content) {
    const auto hex = sha256(content);
    write("blobs/sha256/" + hex.substr(0, 2) + "/" + hex + "/data", content);
    return hex;
  }
  void put_link(const std::string& folder, const std::string& hex) {
    // Links with the same content are one file, as far as the filesystem allows.
    const auto path = root_ + folder + "/link";
    make_directory(root_ + folder);
    if (hex == last_hex_ && ::link(last_link_.c_str(), path.c_str()) == 0) return;
    write(folder + "/link", "sha256:" + hex);
    last_hex_ = hex;
    last_link_ = path;
  }
  void put_layer(const std::string& repository, const std::string& hex) {
    put_link(in(repository) + "_layers/sha256/" + hex, hex);
  }
  void put_revision(const std::string& repository, const std::string& hex) {
    put_link(in(repository) + "_manifests/revisions/sha256/" + hex, hex);
  }
  void put_tag(const std::string& repository, const std::string& tag, const std::string& hex,
               bool index = true) {
    const auto folder = in(repository) + "_manifests/tags/" + tag;
    put_link(folder + "/current", hex);
    if (index) put_link(folder + "/index/sha256/" + hex, hex);
  }
  void put_uploads(const std::string& repository) {
    make_directory(root_ + in(repository) + "_uploads");
  }

 private:
  static std::string in(const std::string& repository) {
    return "repositories/" + repository + "/";
  }

  void make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return;
    if (errno != ENOENT) throw std::system_error(errno, std::system_category(), path);
    make_directory(path.substr(0, path.rfind('/')));
    make_directory(path);
  }

  void write(const std::string& name, std::string_view content) {
    const auto path = root_ + name;
    int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 && errno == ENOENT) {
      make_directory(path.substr(0, path.rfind('/')));
      fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    }
    bool good = fd >= 0;
    while (good && !content.empty()) {
      const auto written = ::write(fd, content.data(), content.size());
      good = written > 0;
      if (good) content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (!good) throw std::system_error(errno, std::system_category(), path);
    ::close(fd);
  }

  std::string root_;
  std::string last_hex_;
  std::string last_link_;
};

struct Image {
  std::string config;
  std::string layer;
  std::string manifest;
};

Descriptor described(const std::string& hex, std::size_t size) {
  return {"sha256:" + hex, size};
}

Image put_small_image(Store& store) {
  constexpr std::size_t kLayerSize = 1024;
  const std::string config = R"({"architecture":"amd64","os":"linux"})";
  Image image;
  image.config = store.put_blob(config);
  image.layer = store.put_blob(std::string(kLayerSize, 'x'));
  image.manifest = store.put_blob(
      image_manifest(described(image.config, config.size()), {described(image.layer, kLayerSize)}));
  return image;
}

// The order keeps links with the same content together.
void put_repository(Store& store, const std::string& repository, const Image& image) {
  store.put_layer(repository, image.config);
  store.put_layer(repository, image.layer);
  store.put_revision(repository, image.manifest);
  store.put_tag(repository, "latest", image.manifest);
  store.put_uploads(repository);
}

// Images of ten blobs, manifest among them, a hundred in each repository. Every second one is
// garbage: its manifest was deleted, and the links of its layers stayed, as a delete leaves them.
void put_for_collector(Store& store, const StoreOptions& options) {
  constexpr unsigned kBlobs = 10;
  constexpr unsigned kImages = 100;
  for (unsigned i = 0; i < options.blobs / kBlobs; ++i) {
    const auto repository = numbered("gc/%05u", i / kImages);
    std::vector<Descriptor> blobs;
    for (unsigned blob = 0; blob + 1 < kBlobs; ++blob) {
      const auto content = numbered("%u ", i) + std::to_string(blob);
      const auto hex = store.put_blob(content);
      if (!options.without_layer_links) store.put_layer(repository, hex);
      blobs.push_back(described(hex, content.size()));
    }
    const auto manifest =
        store.put_blob(image_manifest(blobs.front(), {blobs.begin() + 1, blobs.end()}));
    if (i % 2 == 1) continue;
    store.put_revision(repository, manifest);
    store.put_tag(repository, numbered("t%u", i), manifest);
  }
}

Json put_big(Store& store, const StoreOptions& options) {
  Json digests = Json::array();
  std::string content(options.size, '\0');
  std::uint64_t state = 88172645463325252ull;  // xorshift: what it is matters not, as it is copied
  for (auto& byte : content) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state);
  }
  for (unsigned i = 0; i < options.big; ++i) {
    content.replace(0, std::to_string(i).size(), std::to_string(i));
    const auto hex = store.put_blob(content);
    store.put_layer("bench/big", hex);
    digests.push_back("sha256:" + hex);
  }
  return digests;
}

}  // namespace

Json make_store(const StoreOptions& options) {
  const auto begin = Clock::now();
  Store store(options.root);
  const auto image = put_small_image(store);
  put_repository(store, "bench/small", image);
  for (unsigned i = 0; i < options.repositories; ++i)
    put_repository(store, numbered("r/%07u", i), image);
  for (unsigned i = 0; i < options.tags; ++i)
    store.put_tag("bench/tags", numbered("t%07u", i), image.manifest, !options.without_index);
  if (options.tags > 0) store.put_revision("bench/tags", image.manifest);
  put_for_collector(store, options);
  Json json{{"manifest", "sha256:" + image.manifest},
            {"config", "sha256:" + image.config},
            {"blob", "sha256:" + image.layer}};
  json["big"] = put_big(store, options);
  json["seconds"] = seconds_since(begin);
  return json;
}

}  // namespace registry::bench
